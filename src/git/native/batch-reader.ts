import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import type { Clock, Timer } from "../../base/clock.js";
import { killGroup } from "../../child/run-child.js";
import { GitError, objectTooLarge } from "../errors.js";
import { corrupt, type GitObject } from "../pack/entry.js";
import { objectId } from "../pack/object-id.js";
import { type BatchResponse, BatchResponses } from "./batch-responses.js";
import { cannotStart } from "./program.js";

/** Options of a reader. */
export interface BatchReaderOptions {
  /** Starts `git cat-file --batch`. */
  readonly start: () => ChildProcess;
  readonly clock: Clock;
  /** Maximum size of an object. */
  readonly maxObjectBytes: number;
  /** Time without output while requests are pending, after which the child is killed. */
  readonly silenceTimeoutMs: number;
}

interface PendingRead {
  readonly id: string;
  readonly resolve: (object: GitObject | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A long-lived `git cat-file --batch`. Requests can be pipelined and are answered in order. If the child exits or its output
 * cannot be parsed, all pending requests fail with `GIT_PACK_CORRUPT` and the reader becomes unusable.
 */
export class BatchReader {
  readonly #options: BatchReaderOptions;
  readonly #child: ChildProcess;
  readonly #responses: BatchResponses;
  readonly #closed: Promise<void>;
  readonly #pending: PendingRead[] = [];
  #failure: unknown;
  #isEnding = false;
  #isClosed = false;
  #silence: Timer | undefined;
  #progress = 0;

  constructor(options: BatchReaderOptions) {
    this.#options = options;
    this.#responses = new BatchResponses(options.maxObjectBytes);
    this.#child = options.start();
    this.#closed = new Promise((resolve) => this.#child.once("close", () => resolve()));
    this.#child.once("error", (error) => this.#fail(cannotStart(error)));
    this.#child.once("close", () => {
      this.#isClosed = true;
      this.#fail(corrupt("git cat-file exited"));
    });
    this.#child.stdin?.on("error", () => {});
    this.#child.stdout?.on("data", (chunk: Buffer) => this.#take(chunk));
    this.#keepAlive(false);
  }

  /** Whether it accepts requests. */
  get isUsable(): boolean {
    return !this.#isEnding && this.#failure === undefined;
  }

  /** Whether requests are pending. */
  get isBusy(): boolean {
    return this.#pending.length > 0;
  }

  /**
   * Reads the object `id`; undefined if no pack contains it. The id is recomputed from the content, so a damaged disk causes
   * `GIT_PACK_CORRUPT` and never wrong content. Throws `GIT_TOO_LARGE` for an object over the limit, without affecting other
   * requests.
   */
  read(id: string): Promise<GitObject | undefined> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#pending.push({ id, resolve, reject });
      if (this.#pending.length === 1) this.#keepAlive(true);
      this.#child.stdin?.write(`${id}\n`);
      this.#silence ??= this.#watch(this.#progress);
    });
  }

  /** Lets the child answer pending requests and exit. Resolves after it has exited. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#keepAlive(true);
    this.#child.stdin?.end();
    if (this.#child.pid === undefined) return;
    this.#silence ??= this.#watch(this.#progress);
    await this.#closed;
  }

  #take(chunk: Buffer): void {
    this.#progress++;
    try {
      for (const response of this.#responses.push(chunk)) this.#settle(response);
    } catch (error) {
      this.#fail(error instanceof GitError ? error : corrupt("git cat-file cannot read it", error));
    }
    if (this.#pending.length === 0 && !this.#isEnding) this.#keepAlive(false);
  }

  #settle({ id, object, tooLarge }: BatchResponse): void {
    const next = this.#pending.shift();
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
    // After it has exited, its process id may be reused.
    if (!this.#isClosed) killGroup(this.#child);
    for (const { reject } of this.#pending.splice(0)) reject(this.#failure);
  }

  /** Checks periodically for output while requests are pending. */
  #watch(lastProgress: number): Timer {
    return this.#options.clock.after(this.#options.silenceTimeoutMs, () => {
      this.#silence = undefined;
      if (this.#pending.length === 0 && !this.#isEnding) return;
      if (this.#progress === lastProgress) this.#fail(corrupt("git cat-file does not respond"));
      else this.#silence = this.#watch(this.#progress);
    });
  }

  /** Only a child with pending requests keeps this process alive. */
  #keepAlive(isBusy: boolean): void {
    const parts = [this.#child, this.#child.stdin, this.#child.stdout] as (ChildProcess | Socket | null)[];
    for (const part of parts) {
      if (isBusy) part?.ref();
      else part?.unref();
    }
  }
}
