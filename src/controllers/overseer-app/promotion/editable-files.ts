import { posix } from "node:path";
import type { AppSource } from "../../../api/inputs.js";
import type { CarriedVersion } from "../../../gates/promotion/carried-versions.js";
import { type EditableFile, mayHaveVersions, type OnlyApp } from "../../../gates/promotion/version-edits.js";
import type { GitSnapshot, TreeLimits } from "../../../git/engine.js";

/** A source whose files may be edited. */
export interface FilePlace {
  readonly source: AppSource;
  /** Only the document of this app may be edited. */
  readonly onlyApp?: OnlyApp;
}

/** Maximum number of files that are read for one app, of bytes of each, and of bytes to parse: these take seconds of processor time. */
const MAX_FILES = 500;
const MAX_BYTES = 256 * 1024;
const MAX_TOTAL_BYTES = 2 * 1024 * 1024;
const EXTENSIONS = /\.(ya?ml)$/;

/**
 * Returns the YAML files of an app that none of the earlier apps reads: a file that they share is changed for all of them at once, which is
 * no promotion. Only files that may have one of the versions are returned, 2 MiB of them at most. Symbolic links are not followed.
 */
export async function editableFiles(
  snapshot: GitSnapshot,
  places: readonly FilePlace[],
  shared: readonly AppSource[],
  versions: readonly CarriedVersion[],
  limits: TreeLimits,
): Promise<EditableFile[]> {
  const found: EditableFile[] = [];
  const read = new Set<string>();
  let left = MAX_TOTAL_BYTES;
  let isComplete = true;
  for (const { source, onlyApp } of places) {
    for (const { path, blob } of await filesOf(snapshot, source, limits)) {
      if (read.has(path) || (onlyApp === undefined && isShared(path, source, shared))) continue;
      const text = read.size < MAX_FILES ? await textOf(snapshot, blob) : undefined;
      read.add(path);
      if (text !== undefined && !mayHaveVersions(text, versions, onlyApp)) continue;
      const bytes = text === undefined ? 0 : Buffer.byteLength(text);
      if (text === undefined || bytes > left) {
        isComplete = false;
        continue;
      }
      left -= bytes;
      found.push({ path, text, ...(onlyApp === undefined ? {} : { onlyApp }) });
    }
  }
  if (isComplete) return found;
  // What was not read may have another document with the name of the app.
  return found.map((file) =>
    file.onlyApp === undefined ? file : { ...file, onlyApp: { ...file.onlyApp, isNamespaceRequired: true } },
  );
}

async function filesOf(
  snapshot: GitSnapshot,
  source: AppSource,
  limits: TreeLimits,
): Promise<{ readonly path: string; readonly blob: string }[]> {
  const root = normal(source.path);
  const files: { readonly path: string; readonly blob: string }[] = [];
  for (const path of [root, ...valueFilesOf(source)]) {
    const entry = await snapshot.treeAt(path);
    if (entry?.kind === "file" && EXTENSIONS.test(path)) files.push({ path, blob: entry.id });
    if (entry?.kind !== "tree" || path !== root) continue;
    for (const file of await snapshot.listFiles(entry.id, limits)) {
      const isText = EXTENSIONS.test(file.path) && file.kind === "file" && file.fault === undefined;
      if (isText) files.push({ path: root === "" ? file.path : `${root}/${file.path}`, blob: file.blob });
    }
  }
  return files;
}

/** A file that is listed by name belongs to those who list it; all others to those who read the directory. */
function isShared(path: string, own: AppSource, shared: readonly AppSource[]): boolean {
  const isListed = valueFilesOf(own).includes(path);
  return shared.some((one) => {
    if (valueFilesOf(one).includes(path)) return true;
    const root = normal(one.path);
    return !isListed && (root === "" || path === root || path.startsWith(`${root}/`));
  });
}

function valueFilesOf({ path, helm }: AppSource): readonly string[] {
  return (helm?.valueFiles ?? []).map((file) => normal(posix.join(path, file)));
}

function normal(path: string): string {
  const plain = posix.normalize(path).replace(/^\.?\/|\/$/g, "");
  return plain === "." ? "" : plain;
}

async function textOf(snapshot: GitSnapshot, blob: string): Promise<string | undefined> {
  const bytes = await snapshot.readBlob(blob);
  if (bytes.length > MAX_BYTES) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
