import { LRUCache } from "lru-cache";
import type { Clock } from "../../base/clock.js";
import type { GitLimits } from "../limits.js";
import { treeCache } from "../objects/tree.js";
import type { GitObject } from "../pack/entry.js";
import { FileBlocks } from "./file-blocks.js";
import type { PackCaches } from "./pack-files.js";

/**
 * Caches for reading, shared by all stores: blocks of pack files, delta bases and parsed trees, all limited in size. Many apps of
 * one commit read the same few trees. The caches are cleared after an idle period.
 */
export class ReadCaches implements PackCaches {
  readonly blocks: FileBlocks;
  readonly bases: LRUCache<string, GitObject>;
  /** Trees by id, shared by all stores: the id determines the content. */
  readonly trees = treeCache();
  readonly #clock: Clock;
  readonly #idleMs: number;
  readonly #released: () => void;
  #lastUse = 0;
  #isArmed = false;

  /** `released` is called after the caches have been cleared. */
  constructor(clock: Clock, limits: GitLimits, released: () => void) {
    // A base is only reused within the same directory, so the blocks get the larger part.
    const forBases = Math.ceil(limits.cacheBytes / 4);
    const sizeCalculation = ({ content }: GitObject): number => content.length + 256;
    this.bases = new LRUCache({ maxSize: forBases, sizeCalculation });
    this.blocks = new FileBlocks(limits.cacheBytes - forBases);
    this.#clock = clock;
    this.#idleMs = limits.idleMs;
    this.#released = released;
  }

  /** Call with every use: restarts the idle period. */
  touch(): void {
    this.#lastUse = this.#clock.monotonic();
    if (!this.#isArmed) this.#arm(this.#idleMs);
  }

  clear(): void {
    this.blocks.clear();
    this.bases.clear();
    this.trees.clear();
  }

  /** Clears the caches now. */
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
