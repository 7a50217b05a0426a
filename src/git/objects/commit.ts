import { LRUCache } from "lru-cache";
import type { CommitInfo } from "../engine.js";
import { GitError } from "../errors.js";

/** The parts of a commit object that are used. */
export interface ParsedCommit {
  /** Id of its root tree. */
  readonly tree: string;
  readonly info: CommitInfo;
  /** Content of the object. */
  readonly raw: Buffer;
}

/** A commit is read into memory, so that it has a lower limit than files. */
const MAX_COMMIT_BYTES = 2 ** 20;

/** Memory of cached commits. */
const CACHE_BYTES = 16 * 2 ** 20;

/** Returns a cache of commits by id, limited in memory. */
export function commitCache(): LRUCache<string, ParsedCommit> {
  // The content as it is and as text, with up to two bytes for a character.
  return new LRUCache({ maxSize: CACHE_BYTES, sizeCalculation: ({ raw }) => 3 * raw.length + 1_000 });
}

/**
 * Parses a commit object: headers, an empty line, the message. The time is the committer's, which is when the commit got its id,
 * even after a rebase. Throws `GIT_TREE_INVALID` if it has no tree, and `GIT_TOO_LARGE`.
 */
export function parseCommit(content: Buffer, id: string): ParsedCommit {
  if (content.length > MAX_COMMIT_BYTES)
    throw new GitError(
      "GIT_TOO_LARGE",
      `the Git commit ${id} has ${content.length} bytes; at most ${MAX_COMMIT_BYTES} are allowed: commit with a shorter message`,
    );
  const text = content.toString("utf8");
  const end = text.indexOf("\n\n");
  const head = (end < 0 ? text : text.slice(0, end)).split("\n");
  const header = (name: string): string =>
    head.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? "";
  const tree = header("tree");
  if (!/^[0-9a-f]{40}$/.test(tree)) throw new GitError("GIT_TREE_INVALID", `the Git commit ${id} has no tree`);
  const author = parsePerson(header("author"));
  const { time } = parsePerson(header("committer"));
  const message = end < 0 ? "" : text.slice(end + 2);
  return { tree, raw: content, info: { id, author: author.name, email: author.email, time, message } };
}

/** Characters of a line about a person that are read. */
const MAX_PERSON = 1_000;

/** Parses `Name <address> <seconds> <zone>`; missing parts become empty or 0. */
function parsePerson(whole: string): { name: string; email: string; time: number } {
  const line = whole.slice(0, MAX_PERSON);
  const [open, close] = [line.indexOf("<"), line.lastIndexOf(">")];
  if (open < 0 || close < open) return { name: "", email: "", time: 0 };
  const time = Number(/^ ?(-?\d+)/.exec(line.slice(close + 1))?.[1] ?? 0);
  return { name: line.slice(0, open).replace(/ $/, ""), email: line.slice(open + 1, close), time };
}
