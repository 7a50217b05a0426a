import { LRUCache } from "lru-cache";
import type { TreeEntry } from "../engine.js";
import { GitError } from "../errors.js";

/** One row of a tree object. */
export interface TreeRow {
  /** Undefined when the name is not UTF-8 text. */
  readonly name: string | undefined;
  /** The name for messages; invalid UTF-8 is replaced. */
  readonly text: string;
  readonly id: string;
  readonly kind: TreeEntry["kind"] | "executable";
}

/** A parsed tree object. */
export interface ParsedTree {
  readonly rows: readonly TreeRow[];
  /** A fault that git fsck rejects. Such a tree can be walked but not used. */
  readonly flaw: string | undefined;
}

/** Trees are read into memory, so that they have lower limits than files. */
const MAX_TREE_BYTES = 8 * 2 ** 20;
const MAX_ROWS = 100_000;
/** Memory of a row besides its name. */
const ROW_BYTES = 200;
/** Memory of cached trees: as much as the largest one takes. */
const CACHE_BYTES = MAX_ROWS * ROW_BYTES + MAX_TREE_BYTES;

/** Returns a cache of trees by id, limited in memory. Stores can share it: the id determines the content. */
export function treeCache(): LRUCache<string, ParsedTree> {
  const sizeOf = ({ text }: TreeRow): number => ROW_BYTES + text.length;
  return new LRUCache({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ rows }) => rows.reduce((size, row) => size + sizeOf(row), 1),
  });
}

const SLASH = Buffer.from("/");

/**
 * Parses a tree object. Rows are in Git's order: bytewise by name, with a slash appended to the names of trees, so that a walk
 * in this order yields full paths in byte order. Throws `GIT_TREE_INVALID` for an unreadable object, and
 * `GIT_TREE_TOO_LARGE`. Flaws and unsafe names (`isSafeName`) are rejected only where the directory is used: they must not block the
 * rest of the repository.
 */
export function parseTree(content: Buffer, tree: string): ParsedTree {
  if (content.length > MAX_TREE_BYTES) throw tooLargeTree(tree, `${MAX_TREE_BYTES / 2 ** 20} MiB`);
  const rows: TreeRow[] = [];
  const names = new Set<string>();
  let flaw: string | undefined;
  let previous: Buffer | undefined;
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const end = space < 0 ? -1 : content.indexOf(0, space);
    if (end < 0 || end + 21 > content.length) throw invalidTree(tree, "it is truncated");
    const kind = kindOf(content.toString("latin1", at, space));
    if (kind === undefined) throw invalidTree(tree, "an entry has an unknown mode");
    const bytes = content.subarray(space + 1, end);
    const key = kind === "tree" ? Buffer.concat([bytes, SLASH]) : bytes;
    if (previous !== undefined && Buffer.compare(previous, key) >= 0) flaw = "its entries are out of order";
    previous = key;
    const name = decode(bytes);
    // A file and a tree of the same name need not be adjacent, so the order check does not find them.
    if (name !== undefined && names.size === names.add(name).size) flaw = "a name occurs twice";
    if (rows.length === MAX_ROWS) throw tooLargeTree(tree, `${MAX_ROWS} entries`);
    rows.push({ name, text: name ?? bytes.toString("utf8"), id: content.toString("hex", end + 1, end + 21), kind });
    at = end + 21;
  }
  return { rows, flaw };
}

/**
 * Returns whether a name is a plain file name on every file system: not `.` or `..`, without path separators, and not
 * equivalent to `.git` anywhere (the rules of Git's `verify_path`: case, NTFS short names and streams, characters that HFS+
 * ignores).
 */
export function isSafeName(name: string | undefined): name is string {
  if (name === undefined || name === "" || /[/\\]/.test(name)) return false;
  const bare = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "");
  if (bare === "" || bare === "." || bare === "..") return false;
  const short = (bare.split(":")[0] ?? "").toLowerCase().replace(/[. ]+$/, "");
  return short !== ".git" && !/^\.?git~[1-9]$/.test(short);
}

/** Returns why a name is not a plain file name on every file system; undefined if it is. */
export function nameFault(name: string | undefined): string | undefined {
  if (name === undefined) return "is not UTF-8";
  if (isSafeName(name as string | undefined)) return undefined;
  const text: string = name;
  if (text.includes("\\")) return "contains a backslash";
  return text.includes("/") ? "contains a slash" : "is reserved";
}

/** Returns the error for an unusable tree object. */
export function invalidTree(tree: string, why: string): GitError {
  return new GitError(
    "GIT_TREE_INVALID",
    `the Git tree ${tree} is invalid: ${why}; commit the directory again with git`,
  );
}

function tooLargeTree(tree: string, max: string): GitError {
  return new GitError(
    "GIT_TREE_TOO_LARGE",
    `the directory of the Git tree ${tree} has more than ${max}: divide it into several directories`,
  );
}

/** Returns the kind of an entry by its mode: the file type bits and, for files, the owner's execute bit. */
function kindOf(mode: string): TreeRow["kind"] | undefined {
  if (!/^[0-7]{5,6}$/.test(mode)) return undefined;
  const bits = Number.parseInt(mode, 8);
  switch (bits & 0o170000) {
    case 0o040000:
      return "tree";
    case 0o100000:
      return (bits & 0o100) === 0 ? "file" : "executable";
    case 0o120000:
      return "symlink";
    case 0o160000:
      return "submodule";
    default:
      return undefined;
  }
}

function decode(name: Buffer): string | undefined {
  const text = name.toString("utf8");
  return text.includes("\ufffd") && !Buffer.from(text).equals(name) ? undefined : text;
}
