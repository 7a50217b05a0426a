import { Worker } from "node:worker_threads";
import type { Clock, Timer } from "../base/clock.js";
import { messageOf, OverseerError } from "../base/errors.js";
import type { ParseLimits } from "../manifest/yaml/parse.js";
import type { FileOutcome, FileText } from "./parser.js";

/** To the thread. */
export interface ParseRequest {
  readonly id: number;
  readonly files: readonly FileText[];
  readonly limits: ParseLimits;
}

/** From the thread: the outcomes, as JSON unless they hold bigints, or why there are none. */
export type ParseAnswer =
  | { readonly id: number; readonly outcomes: string | FileOutcome[] }
  | { readonly id: number; readonly fault: string };

/** How the thread is run. */
export interface ParserThreadOptions {
  readonly clock: Clock;
  /** Where the compiled `manifest-worker.js` is. Default: beside this module, or beside the bundle it is part of. */
  readonly worker?: URL;
  /** The thread ends after so long without work; it holds some 15 MB. */
  readonly idleMs?: number;
  /** One request may take so long; then the thread is stopped, and the request fails. */
  readonly timeoutMs?: number;
}

/**
 * Heap of the thread: a file that needs more ends the thread, and not the process. The small young generation saves
 * 30 MB of resident memory and costs no measurable time.
 */
const HEAP = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 4 };

interface Pending {
  readonly resolve: (outcomes: FileOutcome[]) => void;
  readonly reject: (error: Error) => void;
  readonly timeout: Timer;
}

/** One worker thread for large parses: started when it is needed, ended when it is not. */
export class ParserThread {
  readonly #clock: Clock;
  readonly #url: URL;
  readonly #idleMs: number;
  readonly #timeoutMs: number;
  readonly #pending = new Map<number, Pending>();
  #worker: Worker | undefined;
  #idle: Timer | undefined;
  #nextId = 1;

  constructor({ clock, worker, idleMs = 10_000, timeoutMs = 120_000 }: ParserThreadOptions) {
    this.#clock = clock;
    this.#url = worker ?? new URL("./manifest-worker.js", import.meta.url);
    this.#idleMs = idleMs;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether a thread is running now. */
  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  /** Parses `files` on the thread. Rejects with a retryable error when the thread dies or takes too long. */
  parse(files: readonly FileText[], limits: ParseLimits): Promise<FileOutcome[]> {
    this.#idle?.cancel();
    const worker = this.#start();
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timeout = this.#clock.after(this.#timeoutMs, () =>
        this.#fail(worker, `no answer in ${this.#timeoutMs} ms`),
      );
      this.#pending.set(id, { resolve, reject, timeout });
      worker.ref();
      worker.postMessage({ id, files, limits } satisfies ParseRequest);
    });
  }

  /** Ends the thread. What is under way fails. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker) this.#fail(worker, "the operator is stopping");
    await worker?.terminate();
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.#url, { resourceLimits: HEAP });
    worker.on("message", (response: ParseAnswer) => this.#settle(response));
    worker.on("error", (error) => this.#fail(worker, messageOf(error)));
    worker.on("exit", () => this.#fail(worker, "the thread ended"));
    this.#worker = worker;
    return worker;
  }

  #settle(response: ParseAnswer): void {
    const pending = this.#pending.get(response.id);
    if (!pending) return;
    this.#pending.delete(response.id);
    pending.timeout.cancel();
    if ("fault" in response) pending.reject(threadError(response.fault));
    else pending.resolve(readOutcomes(response.outcomes));
    if (this.#pending.size === 0) this.#rest();
  }

  /** Without work the thread does not keep the process alive, and ends after a while. */
  #rest(): void {
    const worker = this.#worker;
    worker?.unref();
    this.#idle = this.#clock.after(this.#idleMs, () => {
      if (this.#worker === worker) this.#worker = undefined;
      void worker?.terminate();
    });
  }

  #fail(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#idle?.cancel();
    void worker.terminate();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject, timeout } of pending) {
      timeout.cancel();
      reject(threadError(why));
    }
  }
}

function readOutcomes(outcomes: string | FileOutcome[]): FileOutcome[] {
  return typeof outcomes === "string" ? (JSON.parse(outcomes) as FileOutcome[]) : outcomes;
}

function threadError(why: string): OverseerError {
  return new OverseerError(`the manifests could not be parsed: ${why}`, {
    code: "PARSER_THREAD_FAILED",
    reason: "RenderFailed",
    class: "retryable",
  });
}
