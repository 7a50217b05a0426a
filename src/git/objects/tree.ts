import type { TreeEntry } from "../engine.js";
import { GitError } from "../errors.js";

/** One row of a tree object. */
export interface TreeRow {
  /** Undefined when the name is not UTF-8 text. */
  readonly name: string | undefined;
  /** The name for people; what is not UTF-8 in it is replaced. */
  readonly text: string;
  readonly id: string;
  readonly kind: TreeEntry["kind"] | "executable";
}

/** A tree object, taken apart. */
export interface ParsedTree {
  readonly rows: readonly TreeRow[];
  /** What Git's own check (fsck) would refuse; such a tree can be gone through, but not be used. */
  readonly flaw: string | undefined;
}

const SLASH = Buffer.from("/");

/**
 * Reads a tree object. Its rows stand in Git's order: by name in bytes, where the name of a tree counts as if it ended in a
 * slash, so that a walk in this order gives full paths in byte order. Throws `GIT_TREE_INVALID` for what cannot be read at
 * all. A flaw, and names that are not safe (`isSafeName`), are for those to refuse who use the directory: others are not
 * harmed by it.
 */
export function parseTree(content: Buffer, tree: string): ParsedTree {
  const rows: TreeRow[] = [];
  const names = new Set<string>();
  let flaw: string | undefined;
  let previous: Buffer | undefined;
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at);
    const end = space < 0 ? -1 : content.indexOf(0, space);
    if (end < 0 || end + 21 > content.length) throw invalidTree(tree, "it is cut off");
    const kind = kindOf(content.toString("latin1", at, space));
    if (kind === undefined) throw invalidTree(tree, "an entry has an unknown mode");
    const bytes = content.subarray(space + 1, end);
    const key = kind === "tree" ? Buffer.concat([bytes, SLASH]) : bytes;
    if (previous !== undefined && Buffer.compare(previous, key) >= 0) flaw = "its entries are out of order";
    previous = key;
    const name = decode(bytes);
    // A file and a tree of one name need not lie side by side, so the order does not tell.
    if (name !== undefined && names.size === names.add(name).size) flaw = "a name comes twice";
    rows.push({ name, text: name ?? bytes.toString("utf8"), id: content.toString("hex", end + 1, end + 21), kind });
    at = end + 21;
  }
  return { rows, flaw };
}

/**
 * Whether a name can stand for a file in the directory that it is in, wherever the tree may be written to: not `.` or `..`,
 * no separator of any system, and nothing that some file system takes for `.git` (as `verify_path` of Git has it: case,
 * NTFS short names and streams, characters that HFS+ ignores).
 */
export function isSafeName(name: string | undefined): name is string {
  if (name === undefined || name === "" || /[/\\]/.test(name)) return false;
  const bare = name.replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "");
  if (bare === "" || bare === "." || bare === "..") return false;
  const short = (bare.split(":")[0] ?? "").toLowerCase().replace(/[. ]+$/, "");
  return short !== ".git" && !/^\.?git~[1-9]$/.test(short);
}

/** Why a name cannot stand for a file wherever the tree is written to; undefined for one that can. */
export function nameFault(name: string | undefined): string | undefined {
  if (name === undefined) return "is not UTF-8";
  if (isSafeName(name as string | undefined)) return undefined;
  const text: string = name;
  if (text.includes("\\")) return "holds a backslash";
  return text.includes("/") ? "holds a slash" : "is reserved";
}

/** The error for a tree object that cannot be used. */
export function invalidTree(tree: string, why: string): GitError {
  return new GitError("GIT_TREE_INVALID", `the Git tree ${tree} is broken: ${why}; commit the directory anew with git`);
}

/** What an entry is by its mode: the file type bits, and for files whether the owner may run it. */
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
