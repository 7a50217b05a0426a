import { LRUCache } from "lru-cache";
import type { GitEngine, GitRemote } from "../engine.js";
import { parentsIn } from "../signatures/commit-range.js";

/** Generations that are read, one after another until the line is long enough. Most new commits need only the first. */
const DEPTHS = [16, 128, 1024];
/** Maximum number of lines that are remembered. */
const MAX_REMEMBERED = 1_000;

/** The first-parent line of a commit, newest first. */
export interface FirstParents {
  readonly commits: readonly string[];
  /** Whether the line reaches the first commit of the repository. */
  readonly isWhole: boolean;
}

/** A line that is being read, or was read. */
interface Reading {
  readonly line: Promise<FirstParents>;
  /** Of the caller that began it. */
  readonly signal: AbortSignal;
}

/** Reads the first-parent lines of commits without their files. Each line is read once; the apps of a repository share it. */
export class FirstParentLines {
  readonly #engine: Pick<GitEngine, "history">;
  readonly #lines = new LRUCache<string, Reading>({ max: MAX_REMEMBERED });

  constructor(engine: Pick<GitEngine, "history">) {
    this.#engine = engine;
  }

  /**
   * Returns the line of `head` down to `base` at least, or the last 1,024 generations if it is not among them; without a base, 128.
   * Throws the errors of `GitEngine.history`.
   */
  async of(remote: GitRemote, head: string, base: string | undefined, signal: AbortSignal): Promise<FirstParents> {
    if (head === base) return { commits: [head], isWhole: false };
    let line: FirstParents = { commits: [head], isWhole: false };
    for (const depth of base === undefined ? [128] : DEPTHS) {
      line = await this.#line(remote, head, depth, signal);
      if (line.isWhole || (base !== undefined && line.commits.includes(base))) return line;
    }
    return line;
  }

  #line(remote: GitRemote, head: string, depth: number, signal: AbortSignal): Promise<FirstParents> {
    const key = `${remote.id} ${head} ${depth}`;
    const known = this.#lines.get(key);
    // The reading ends with the signal of the caller that began it.
    if (known !== undefined)
      return known.line.catch((error: unknown) => {
        if (signal.aborted || !known.signal.aborted) throw error;
        return this.#line(remote, head, depth, signal);
      });
    const line = this.#read(remote, head, depth, signal);
    this.#lines.set(key, { line, signal });
    line.catch(() => this.#lines.delete(key));
    return line;
  }

  async #read(remote: GitRemote, head: string, depth: number, signal: AbortSignal): Promise<FirstParents> {
    const history = await this.#engine.history(remote, { wants: [head], depth }, signal);
    const commits: string[] = [];
    for (let at: string | undefined = head; at !== undefined; ) {
      const parents = parentsIn(await history.read(at));
      if (parents === undefined) return { commits, isWhole: false };
      commits.push(at);
      at = parents[0];
    }
    return { commits, isWhole: true };
  }
}
