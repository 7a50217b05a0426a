import { ManifestError } from "../../manifest/manifest-error.js";
import { isRecord } from "../../manifest/shape.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { KUBERNETES_SCHEMA } from "../../manifest/yaml/yaml-schema.js";
import { ENCRYPTED_PREFIX } from "../../secrets/sops/encrypted-value.js";
import { fromManifestProblem, type RenderProblem } from "../render-error.js";
import { foldCase } from "./refused-fields.js";
import { isAddress } from "./remote-address.js";

/** A field of a kustomization that names a file or folder. */
export interface NamedPath {
  /** Where it stands in the kustomization. */
  readonly at: readonly (string | number)[];
  readonly path: string;
  /**
   * `root`: a file of manifests or a folder with a kustomization; `folder`: such a folder; `file`: a file;
   * `plugin`: a configuration of a generator or transformer that may name files itself, or a folder of those; `inline`: the text of
   * such a configuration.
   */
  readonly as: "root" | "folder" | "file" | "plugin" | "inline";
}

/** Reads a kustomization; undefined if it cannot be, with the reason among the problems. */
export function parseKustomization(
  file: string,
  text: string,
  problems: RenderProblem[],
): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = readValue(text, file, KUBERNETES_SCHEMA);
    if (isRecord(value) && !isRecord(value.sops)) return value;
    const message = isRecord(value)
      ? "a kustomization must not be encrypted: encrypt the files that it names instead"
      : "the kustomization is empty: list its resources";
    problems.push({ origin: { file, line: 1 }, message });
  } catch (error) {
    if (!(error instanceof ManifestError)) throw error;
    problems.push(...error.problems.map(fromManifestProblem));
  }
  return undefined;
}

/** Fields that list paths, and as what. */
const LISTS: readonly (readonly [string, NamedPath["as"]])[] = [
  ["resources", "root"],
  ["bases", "folder"],
  ["components", "folder"],
  ["crds", "file"],
  ["configurations", "file"],
  ["patchesStrategicMerge", "file"],
  ["generators", "plugin"],
  ["transformers", "plugin"],
  ["validators", "plugin"],
];

/** Fields whose items hold a path. */
const WITH_PATH = ["patches", "patchesJson6902", "replacements"] as const;

/** All files and folders that a kustomization names, and configurations of plugins that it has inline. */
export function namedPaths(kustomization: Readonly<Record<string, unknown>>): NamedPath[] {
  const found: NamedPath[] = [];
  for (const [field, as] of LISTS) {
    for (const [index, path] of texts(kustomization[field])) {
      if (!isInline(path)) found.push({ at: [field, index], path, as });
      else if (as === "plugin") found.push({ at: [field, index], path, as: "inline" });
      // Kustomize tries to read these as a patch first.
      else if (field !== "patchesStrategicMerge") found.push({ at: [field, index], path, as });
    }
  }
  for (const field of WITH_PATH) {
    for (const [index, item] of items(kustomization[field])) {
      if (typeof item.path === "string") found.push({ at: [field, index, "path"], path: item.path, as: "file" });
    }
  }
  for (const field of ["configMapGenerator", "secretGenerator"]) {
    for (const [index, item] of items(kustomization[field])) found.push(...generatorPaths(item, [field, index]));
  }
  const { openapi } = kustomization;
  if (isRecord(openapi) && typeof openapi.path === "string") {
    found.push({ at: ["openapi", "path"], path: openapi.path, as: "file" });
  }
  return found;
}

/** Files of a generator: `name=path` or a path, and files of variables. */
function generatorPaths(item: Readonly<Record<string, unknown>>, at: NamedPath["at"]): NamedPath[] {
  const files = texts(item.files).map(([index, text]): NamedPath => {
    const path = text.includes("=") && !text.startsWith(ENCRYPTED_PREFIX) ? text.slice(text.indexOf("=") + 1) : text;
    return { at: [...at, "files", index], path, as: "file" };
  });
  const envs = texts(item.envs).map(([index, path]): NamedPath => ({ at: [...at, "envs", index], path, as: "file" }));
  const env: NamedPath[] = typeof item.env === "string" ? [{ at: [...at, "env"], path: item.env, as: "file" }] : [];
  return [...files, ...envs, ...env];
}

/** Paths that the configuration of a built-in generator or transformer names, anywhere in it. */
export function pluginPaths(value: unknown, depth = 0): string[] {
  if (depth > 8) return [];
  if (Array.isArray(value)) return value.flatMap((item) => pluginPaths(item, depth + 1));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const field = foldCase(key);
    if (["path", "env"].includes(field) && typeof child === "string") return [child];
    if (["paths", "envs"].includes(field)) return texts(child).map(([, path]) => path);
    if (field === "files") return generatorPaths({ files: child }, []).map(({ path }) => path);
    return pluginPaths(child, depth + 1);
  });
}

/** Patches and configurations of plugins may stand in the kustomization itself. An address never does: it would be read. */
function isInline(text: string): boolean {
  return !isAddress(text) && (/[\n{]/.test(text) || /:\s/.test(text));
}

function texts(value: unknown): [number, string][] {
  return Array.isArray(value)
    ? value.flatMap((item, index): [number, string][] => (typeof item === "string" ? [[index, item]] : []))
    : [];
}

function items(value: unknown): [number, Readonly<Record<string, unknown>>][] {
  return Array.isArray(value)
    ? value.flatMap((item, index): [number, Readonly<Record<string, unknown>>][] =>
        isRecord(item) ? [[index, item]] : [],
      )
    : [];
}

/** A copy of a value with another text at a place in it. */
export function withValue<T>(value: T, [key, ...rest]: readonly (string | number)[], text: string): T {
  if (key === undefined) return text as T;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string | number, unknown>;
  copy[key] = withValue(copy[key], rest, text);
  return copy as T;
}
