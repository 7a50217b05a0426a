import { recognizePointer } from "../../manifest/recognize.js";
import { isRecord } from "../../manifest/shape.js";
import type { SourceFile } from "../links.js";
import { runs } from "../overseer/compose/dependencies.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { RendererInput } from "../renderer.js";
import { joinPath, type RepositoryPath, resolveTarget } from "../repository-path.js";
import type { RepositoryEntry, RepositoryFile, RepositoryFiles } from "./model.js";
import { unescapeText } from "./text.js";
import { itemsOf, mappingOf, textOf } from "./values.js";

/** Maximum size of all files at one path: more does not fit into a ConfigMap. */
const MAX_BYTES = 2 ** 20;
/** Maximum number of files in a folder. */
const MAX_FILES = 500;
/** Limit on the files that an app uses, each counted as often as services use it. */
const MAX_USED_BYTES = 16 * MAX_BYTES;

/** Reads the content of a file. */
export type ReadFile = (
  blob: string,
  file: RepositoryPath,
) => Promise<{ readonly bytes: Uint8Array; readonly secret: boolean }>;

/** Files of the repository that an app uses, and whether any was encrypted. */
export interface AppFiles {
  readonly files: RepositoryFiles;
  /** Their paths in the repository. */
  readonly paths: readonly RepositoryPath[];
  readonly secret: boolean;
}

/** Returns the paths that an interpolated Compose document refers to: environment files, bind mounts, and files of secrets and configs. */
export function pathsIn(compose: Mapping): readonly string[] {
  const paths = new Set<string>();
  const add = (value: unknown): void => {
    const text = textOf(value);
    if (text !== undefined && text !== "" && !/^[/~]/.test(text)) paths.add(unescapeText(text));
  };
  for (const service of Object.values(mappingOf(compose.services))) {
    if (!isRecord(service) || !runs(service)) continue;
    for (const item of itemsOf(service.env_file)) add(isRecord(item) ? item.path : item);
    for (const item of itemsOf(service.volumes)) {
      const [source] = textOf(item)?.split(":") ?? [];
      if (source !== undefined && /^\./.test(source)) add(source);
      if (isRecord(item) && item.type === "bind") add(item.source);
    }
  }
  for (const kind of ["secrets", "configs"])
    for (const one of Object.values(mappingOf(compose[kind]))) add(mappingOf(one).file);
  return [...paths];
}

/** Reads the files at paths that are relative to the folder of `from`, a path in the repository. */
export async function readAppFiles(
  paths: readonly string[],
  from: RepositoryPath,
  input: RendererInput,
  read: ReadFile,
): Promise<AppFiles> {
  const entries = new Map<string, RepositoryEntry>();
  const used: RepositoryPath[] = [];
  let secret = false;
  const load = async (file: SourceFile, path: string): Promise<RepositoryFile> => {
    const repositoryPath = joinPath(input.folder, file.path);
    used.push(repositoryPath);
    const content = await read(file.blob, repositoryPath);
    secret ||= content.secret;
    return { path, bytes: content.bytes, executable: file.kind === "executable", secret: content.secret };
  };
  const own = input.folder === "" ? from : from.slice(input.folder.length + 1);
  for (const path of paths) entries.set(path, await entryAt(resolveTarget(own, path), input.files, load));
  return { files: withinLimit((path) => entries.get(path) ?? { kind: "missing" }), paths: used, secret };
}

/** Counts a file each time that a service uses it, and refuses it beyond a limit: each use reads it again. */
function withinLimit(files: RepositoryFiles): RepositoryFiles {
  let bytes = 0;
  return (path) => {
    const entry = files(path);
    if (entry.kind === "file") bytes += entry.file.bytes.length;
    if (entry.kind === "folder") for (const file of entry.files) bytes += file.bytes.length;
    return bytes > MAX_USED_BYTES && entry.kind !== "missing"
      ? fault(
          `is used so often that the app reads more than ${MAX_USED_BYTES} bytes of files: use it in fewer services`,
        )
      : entry;
  };
}

async function entryAt(
  target: RepositoryPath | undefined,
  files: readonly SourceFile[],
  load: (file: SourceFile, path: string) => Promise<RepositoryFile>,
): Promise<RepositoryEntry> {
  if (target === undefined) return fault("is outside of the source; use a path below source.path");
  const file = files.find(({ path }) => path === target);
  if (file !== undefined) {
    const problem = faultOf(file);
    if (problem !== undefined) return fault(problem);
    const loaded = await load(file, "");
    const pointer = recognizePointer(loaded.bytes);
    return pointer === undefined ? { kind: "file", file: loaded } : fault(`${file.path}: ${pointer}`);
  }
  const prefix = target === "" ? "" : `${target}/`;
  const below = files.filter(({ path }) => path.startsWith(prefix));
  if (below.length === 0) return { kind: "missing" };
  if (below.length > MAX_FILES)
    return fault(`is a folder with more than ${MAX_FILES} files, which do not fit into a ConfigMap: use a volume`);
  const loaded: RepositoryFile[] = [];
  let total = 0;
  for (const one of below) {
    const problem = faultOf(one);
    if (problem !== undefined) return fault(`${one.path}: ${problem}`);
    const next = await load(one, one.path.slice(prefix.length));
    const pointer = recognizePointer(next.bytes);
    if (pointer !== undefined) return fault(`${one.path}: ${pointer}`);
    total += next.bytes.length;
    if (total > MAX_BYTES)
      return fault(`is a folder with more than ${MAX_BYTES} bytes, which do not fit into a ConfigMap: use a volume`);
    loaded.push(next);
  }
  return { kind: "folder", files: loaded };
}

function faultOf({ kind, fault: problem }: SourceFile): string | undefined {
  if (problem !== undefined) return problem;
  if (kind === "symlink") return "is a symbolic link that is not followed";
  return kind === "submodule" ? "is a submodule; use a file of this repository" : undefined;
}

function fault(message: string): RepositoryEntry {
  return { kind: "fault", message };
}
