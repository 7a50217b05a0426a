import { posix } from "node:path";
import type { AppSource } from "../../../api/inputs.js";
import type { EditableFile } from "../../../gates/promotion/version-edits.js";
import type { GitSnapshot, TreeLimits } from "../../../git/engine.js";

/** A source whose files may be edited. */
export interface FilePlace {
  readonly source: AppSource;
  /** Only the document of this app may be edited. */
  readonly onlyApp?: EditableFile["onlyApp"];
}

/** Maximum number of files that are read for one app, and of bytes of each. */
const MAX_FILES = 500;
const MAX_BYTES = 256 * 1024;
const EXTENSIONS = /\.(ya?ml)$/;

/**
 * Returns the YAML files of an app that none of the earlier apps reads: a file that they share is changed for all of them at once, which is
 * no promotion. Symbolic links are not followed.
 */
export async function editableFiles(
  snapshot: GitSnapshot,
  places: readonly FilePlace[],
  shared: readonly AppSource[],
  limits: TreeLimits,
): Promise<EditableFile[]> {
  const found = new Map<string, EditableFile>();
  for (const { source, onlyApp } of places) {
    for (const { path, blob } of await filesOf(snapshot, source, limits)) {
      if (found.size >= MAX_FILES || found.has(path)) continue;
      if (onlyApp === undefined && isShared(path, source, shared)) continue;
      const text = await textOf(snapshot, blob);
      if (text !== undefined) found.set(path, { path, text, ...(onlyApp === undefined ? {} : { onlyApp }) });
    }
  }
  return [...found.values()];
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
