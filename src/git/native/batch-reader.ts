import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Clock, Timer } from "../../base/clock.js";
import { killGroup } from "../../child/run-child.js";
import { GitError } from "../errors.js";
import { objectTooLarge } from "../objects/too-large.js";
import { corrupt, type GitObject } from "../pack/entry.js";
import { objectId } from "../pack/object-id.js";
import { type BatchResponse, BatchResponses } from "./batch-responses.js";
import { cannotStart } from "./program.js";

/** What a reader is made of. */
export interface BatchReaderOptions {
  /** Starts `git cat-file --batch`. */
  readonly start: () => ChildProcess;
  readonly clock: Clock;
  /** No object is larger than this. */
  readonly maxObjectBytes: number;
  /** Silence while somebody waits, after which the child is killed. */
  readonly silenceTimeoutMs: number;
}

interface Waiting {
  readonly id: string;
  readonly resolve: (object: GitObject | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * One long-lived `git cat-file --batch`. Questions may be asked at once; they are answered in their order. When the child
 * dies or says what cannot be understood, everybody who waits gets `GIT_PACK_CORRUPT`, and the reader is of no use any more.
 */
export class BatchReader {
  readonly #options: BatchReaderOptions;
  readonly #child: ChildProcess;
  readonly #answers: BatchResponses;
  readonly #closed: Promise<void>;
  readonly #waiting: Waiting[] = [];
  #failure: unknown;
  #isEnding = false;
  #isClosed = false;
  #silence: Timer | undefined;
  #progress = 0;

  constructor(options: BatchReaderOptions) {
    this.#options = options;
    this.#answers = new BatchResponses(options.maxObjectBytes);
    this.#child = options.start();
    this.#closed = new Promise((resolve) => this.#child.once("close", () => resolve()));
    this.#child.once("error", (error) => this.#fail(cannotStart(error)));
    this.#child.once("close", () => {
      this.#isClosed = true;
      this.#fail(corrupt("git cat-file exited"));
    });
    this.#child.stdin?.on("error", () => {});
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#hold(false);
  }

  /** Whether it can be asked. */
  get isUsable(): boolean {
    return !this.#isEnding && this.#failure === undefined;
  }

  /** Whether somebody waits for an answer. */
  get isBusy(): boolean {
    return this.#waiting.length > 0;
  }

  /**
   * The object `id`; undefined when no pack holds it. Its id is computed anew from what was read, so a damaged disk gives
   * `GIT_PACK_CORRUPT` and never wrong content. `GIT_TOO_LARGE` for one over the limit, which harms no other question.
   */
  read(id: string): Promise<GitObject | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ id, resolve, reject });
      if (this.#waiting.length === 1) this.#hold(true);
      this.#child.stdin?.write(`${id}\n`);
      this.#silence ??= this.#watch(this.#progress);
    });
  }

  /** Lets the child answer what it was asked, and end. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#hold(true);
    this.#child.stdin?.end();
    if (this.#child.pid === undefined) return;
    this.#silence ??= this.#watch(this.#progress);
    await this.#closed;
  }

  #take(chunk: Buffer): void {
    this.#progress++;
    try {
      for (const response of this.#answers.push(chunk)) this.#settle(response);
    } catch (error) {
      this.#fail(error instanceof GitError ? error : corrupt("git cat-file cannot read it", error));
    }
    if (this.#waiting.length === 0 && !this.#isEnding) this.#hold(false);
  }

  #settle({ id, object, tooLarge }: BatchResponse): void {
    const next = this.#waiting.shift();
    if (next?.id !== id) {
      const error = corrupt(`missing object ${next?.id ?? id}`);
      next?.reject(error);
      throw error;
    }
    if (object !== undefined && objectId(object.type, object.content).toString("hex") !== id) {
      next.reject(corrupt(`content does not match object id ${id}`));
    } else if (tooLarge !== undefined) {
      next.reject(objectTooLarge(tooLarge, this.#options.maxObjectBytes, id));
    } else next.resolve(object);
  }

  #fail(error: unknown): void {
    this.#silence?.cancel();
    this.#failure ??= error;
    // Once it is gone, its number may be another process's.
    if (!this.#isClosed) killGroup(this.#child);
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  /** Looks now and then whether something came while somebody waits. */
  #watch(seen: number): Timer {
    return this.#options.clock.after(this.#options.silenceTimeoutMs, () => {
      this.#silence = undefined;
      if (this.#waiting.length === 0 && !this.#isEnding) return;
      if (this.#progress === seen) this.#fail(corrupt("git cat-file does not respond"));
      else this.#silence = this.#watch(this.#progress);
    });
  }

  /** An idle child does not keep this process alive; one that somebody waits for does. */
  #hold(isHeld: boolean): void {
    const parts = [this.#child, this.#child.stdin, this.#child.stdout] as (ChildProcess | Socket | null)[];
    for (const part of parts) {
      if (isHeld) part?.ref();
      else part?.unref();
    }
  }
}
