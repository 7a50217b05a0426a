import { ManifestError } from "../../manifest/manifest-error.js";
import { isRecord } from "../../manifest/shape.js";
import { FieldLines } from "../../manifest/yaml/field-lines.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../manifest/yaml/yaml-schema.js";
import type { SourceFile } from "../links.js";
import { fromManifestProblem, type RenderProblem } from "../render-error.js";
import { joinPath, type RepositoryPath } from "../repository-path.js";

/** A dependency that a chart names. */
export interface ChartDependency {
  readonly name: string;
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
  return {
    name: textOf(value.name),
    version: textOf(value.version),
    kubeVersion: textOf(value.kubeVersion),
    dependencies: dependencies.map(({ name, version, repository }) => ({
      name: textOf(name),
      version: textOf(version),
      repository: textOf(repository),
    })),
  };
}

/** What is wrong with vendored dependencies, compared with `Chart.lock`. Those that are missing altogether are Helm's to report. */
export function lockProblems(
  lock: ChartFile,
  lockFile: { readonly file: RepositoryPath; readonly text: string },
  files: readonly SourceFile[],
): RenderProblem[] {
  const archives = files.flatMap(({ path }) => /^charts\/([^/]+\.tgz)$/.exec(path)?.[1] ?? []);
  return lock.dependencies.flatMap(({ name, version, repository }, index): RenderProblem[] => {
    if (repository.startsWith("file:")) return [];
    const others = archives.filter((archive) => isArchiveOf(name, archive));
    if (others.length === 0 || others.includes(`${name}-${version}.tgz`)) return [];
    const line = new FieldLines(lockFile.text).lineOf(1, ["dependencies", index]);
    const message = `Chart.lock names ${name} ${version}, and charts/ holds ${others[0]}: run helm dependency build and commit charts/`;
    return [{ origin: { file: lockFile.file, line }, message }];
  });
}

/** What is wrong with the version of a dependency that is a folder, compared with `Chart.lock`. */
export function folderProblem(
  lock: ChartFile,
  lockFile: { readonly file: RepositoryPath; readonly text: string },
  { name, version, folder }: { readonly name: string; readonly version: string; readonly folder: RepositoryPath },
): RenderProblem[] {
  const index = lock.dependencies.findIndex((one) => one.name === name);
  const locked = lock.dependencies[index]?.version ?? "";
  const hasSeveral = lock.dependencies.filter((one) => one.name === name).length > 1;
  if (hasSeveral || locked === "" || version === "" || version.replace(/^v/, "") === locked.replace(/^v/, ""))
    return [];
  const line = new FieldLines(lockFile.text).lineOf(1, ["dependencies", index]);
  const message = `Chart.lock names ${name} ${locked}, and ${JSON.stringify(folder)} holds ${name} ${version}: run helm dependency update and commit the result`;
  return [{ origin: { file: lockFile.file, line }, message }];
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
  return dependencies.flatMap(({ name, repository }, index) => {
    const path = /^file:\/\/(.+)$/.exec(repository)?.[1];
    const vendored = files.some(
      (file) => file.path.startsWith(`charts/${name}/`) || isArchiveOf(name, file.path.replace(/^charts\//, "")),
    );
    return path === undefined || name === "" || vendored ? [] : [{ path, to: joinPath("charts", name), name, index }];
  });
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
