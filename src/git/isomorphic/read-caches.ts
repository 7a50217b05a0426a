import { LRUCache } from "lru-cache";
import type { Clock } from "../../base/clock.js";
import type { GitLimits } from "../limits.js";
import type { ParsedTree } from "../objects/tree.js";
import type { GitObject } from "../pack/entry.js";
import { FileBlocks } from "./file-blocks.js";
import type { PackCaches } from "./pack-files.js";

/** Rows of all trees that are kept parsed: some 10 MB. */
const MAX_TREE_ROWS = 50_000;

/**
 * What reading keeps in memory, over all stores: blocks of pack files, bases of deltas
 * and parsed trees, all capped. A hundred apps of one
 * commit go through the same few trees. All of it is let go when nobody has read for a while.
 */
export class ReadCaches implements PackCaches {
  readonly blocks: FileBlocks;
  readonly bases: LRUCache<string, GitObject>;
  /** Trees by their id, which says what is in them whatever store they come from. */
  readonly trees = new LRUCache<string, ParsedTree>({
    maxSize: MAX_TREE_ROWS,
    sizeCalculation: ({ rows }) => rows.length + 1,
  });
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #released: () => void;
  #lastUse = 0;
  #isArmed = false;

  /** `released` is called after everything was let go. */
  constructor(clock: Clock, limits: GitLimits, released: () => void) {
    // A base is asked for again within the same directory or never; the blocks get the greater part.
    const forBases = Math.ceil(limits.cacheBytes / 4);
    const sizeCalculation = ({ content }: GitObject): number => content.length + 256;
    this.bases = new LRUCache({ maxSize: forBases, sizeCalculation });
    this.blocks = new FileBlocks(limits.cacheBytes - forBases);
    this.#clock = clock;
    this.#idleMs = limits.idleMs;
    this.#released = released;
  }

  /** To be called with every use: memory stays for another while. */
  touch(): void {
    this.#lastUse = this.#clock.monotonic();
    if (!this.#isArmed) this.#arm(this.#idleMs);
  }

  clear(): void {
    this.blocks.clear();
    this.bases.clear();
    this.trees.clear();
  }

  /** Lets go of everything now. */
  release(): void {
    this.clear();
    this.#released();
  }

  #arm(ms: number): void {
    this.#isArmed = true;
    this.#clock.after(ms, () => {
      this.#isArmed = false;
      const left = this.#lastUse + this.#idleMs - this.#clock.monotonic();
      if (left > 0) this.#arm(left);
      else this.release();
    });
  }
}
