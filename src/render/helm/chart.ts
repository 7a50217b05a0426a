import { ManifestError } from "../../manifest/manifest-error.js";
import { isRecord } from "../../manifest/shape.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../manifest/yaml/yaml-schema.js";
import type { SourceFile } from "../links.js";
import { fromManifestProblem, type RenderProblem } from "../render-error.js";
import { joinPath, type RepositoryPath } from "../repository-path.js";

/** Dependencies of one chart: each is looked for among all files. */
const MAX_DEPENDENCIES = 200;

/** A dependency that a chart names. */
export interface ChartDependency {
  readonly name: string;
  /** What it is called in this chart; empty for its name. */
  readonly alias: string;
  readonly version: string;
  readonly repository: string;
}

/** What a `Chart.yaml` says. */
export interface ChartFile {
  readonly name: string;
  readonly version: string;
  /** Versions of Kubernetes that it is for; empty for all. */
  readonly kubeVersion: string;
  readonly dependencies: readonly ChartDependency[];
}

/** Reads a `Chart.yaml`, or a `Chart.lock`, which lists dependencies in the same way. */
export function readChartFile(text: string, file: RepositoryPath): ChartFile | readonly RenderProblem[] {
  let value: unknown;
  try {
    value = readValue(text, file, KUBERNETES_SCHEMA);
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    return error.problems.map(fromManifestProblem);
  }
  if (!isRecord(value)) return [{ origin: { file, line: 1 }, message: "the file does not describe a chart" }];
  const dependencies = Array.isArray(value.dependencies) ? value.dependencies.filter(isRecord) : [];
  if (dependencies.length > MAX_DEPENDENCIES)
    return [{ origin: { file, line: 1 }, message: `the file lists more than ${MAX_DEPENDENCIES} dependencies` }];
  return {
    name: textOf(value.name),
    version: textOf(value.version),
    kubeVersion: textOf(value.kubeVersion),
    dependencies: dependencies.map(({ name, alias, version, repository }) => ({
      name: textOf(name),
      alias: textOf(alias),
      version: textOf(version),
      repository: textOf(repository),
    })),
  };
}

/** Whether an archive holds a chart of this name: `redis-17.0.1.tgz` is no `redis-cluster`. */
export function isArchiveOf(name: string, archive: string): boolean {
  return archive.startsWith(`${name}-`) && /^v?\d/.test(archive.slice(name.length + 1));
}

/** Dependencies by `file://` that are not vendored: their folder in the repository, and where Helm looks for them. */
export function localDependencies(
  { dependencies }: ChartFile,
  files: readonly SourceFile[],
): { readonly path: string; readonly to: RepositoryPath; readonly name: string; readonly index: number }[] {
  const vendored = new Set(files.flatMap((file) => /^charts\/([^/]+)/.exec(file.path)?.[1] ?? []));
  return dependencies.flatMap(({ name, repository }, index) => {
    const path = /^file:\/\/(.+)$/.exec(repository)?.[1];
    const isVendored = vendored.has(name) || [...vendored].some((entry) => isArchiveOf(name, entry));
    return path === undefined || name === "" || isVendored ? [] : [{ path, to: joinPath("charts", name), name, index }];
  });
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
