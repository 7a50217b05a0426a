import { Worker } from "node:worker_threads";
import type { Clock, Timer } from "../base/clock.js";
import { messageOf, OverseerError } from "../base/errors.js";
import type { ParseLimits } from "../manifest/yaml/parse.js";
import type { FileOutcome, FileText } from "./parser.js";
import { RenderError, type RenderProblem, RenderTimeoutError } from "./render-error.js";

/** To the thread. */
export interface ParseRequest {
  readonly files: readonly FileText[];
  readonly limits: ParseLimits;
}

/** From the thread: the outcomes, as JSON unless they hold bigints, or why there are none. */
export type ParseAnswer = { readonly outcomes: string | FileOutcome[] } | { readonly fault: string };

/** How the thread is run. */
export interface ParserThreadOptions {
  readonly clock: Clock;
  /** Where the compiled `manifest-worker.js` is. Default: beside this module, or beside the bundle it is part of. */
  readonly worker?: URL;
  /** The thread ends after so long without work; it holds some 15 MB. */
  readonly idleMs?: number;
  /** One request may take so long from when the thread takes it; then the thread is stopped, and the request fails. */
  readonly timeoutMs?: number;
}

/**
 * Heap of the thread: a file that needs more ends the thread, and not the process. The small young generation saves
 * 30 MB of resident memory and costs no measurable time.
 */
const HEAP = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 4 };

interface Job extends ParseRequest {
  readonly resolve: (outcomes: FileOutcome[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One worker thread for large parses: started when it is needed, ended when it is not. All sources share it, one request at a time, so
 * that what ends it fails only the request that it had.
 */
export class ParserThread {
  readonly #clock: Clock;
  readonly #url: URL;
  readonly #idleMs: number;
  readonly #timeoutMs: number;
  readonly #waiting: Job[] = [];
  #current: { readonly job: Job; readonly timeout: Timer } | undefined;
  #worker: Worker | undefined;
  #idle: Timer | undefined;

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

  /**
   * Parses `files` on the thread, after the requests before. Rejects with a RenderTimeoutError when they take too long, with a
   * RenderError when they need too much memory, and with a retryable error when the thread dies otherwise.
   */
  parse(files: readonly FileText[], limits: ParseLimits): Promise<FileOutcome[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ files, limits, resolve, reject });
      this.#next();
    });
  }

  /** Ends the thread. What is under way fails. */
  async close(): Promise<void> {
    const worker = this.#worker;
    const error = threadError("the operator is stopping");
    for (const { reject } of this.#waiting.splice(0)) reject(error);
    if (worker) this.#fail(worker, error);
    await worker?.terminate();
  }

  #next(): void {
    if (this.#current !== undefined) return;
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#rest();
      return;
    }
    this.#idle?.cancel();
    const worker = this.#start();
    const timeout = this.#clock.after(this.#timeoutMs, () =>
      this.#fail(worker, new RenderTimeoutError(exceeded(job, `take longer than ${this.#timeoutMs / 1000} s`))),
    );
    this.#current = { job, timeout };
    worker.ref();
    worker.postMessage({ files: job.files, limits: job.limits } satisfies ParseRequest);
  }

  #start(): Worker {
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.#url, { resourceLimits: HEAP });
    worker.on("message", (answer: ParseAnswer) => {
      if (this.#worker !== worker) return;
      const job = this.#take();
      if ("fault" in answer) job?.reject(threadError(answer.fault));
      else job?.resolve(readOutcomes(answer.outcomes));
      this.#next();
    });
    worker.on("error", (error: Error & { readonly code?: string }) => {
      const job = error.code === "ERR_WORKER_OUT_OF_MEMORY" ? this.#current?.job : undefined;
      const why = `need more than ${HEAP.maxOldGenerationSizeMb} MiB of memory`;
      this.#fail(worker, job === undefined ? threadError(messageOf(error)) : new RenderError(exceeded(job, why)));
    });
    worker.on("exit", () => this.#fail(worker, threadError("the thread ended")));
    this.#worker = worker;
    return worker;
  }

  /** Without work the thread does not keep the process alive, and ends after a while. */
  #rest(): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.unref();
    this.#idle?.cancel();
    this.#idle = this.#clock.after(this.#idleMs, () => {
      if (this.#worker === worker) this.#worker = undefined;
      void worker.terminate();
    });
  }

  /** Ends the thread. The request that it had fails; a new thread takes the next one. */
  #fail(worker: Worker, error: OverseerError): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#idle?.cancel();
    void worker.terminate();
    this.#take()?.reject(error);
    this.#next();
  }

  #take(): Job | undefined {
    const current = this.#current;
    this.#current = undefined;
    current?.timeout.cancel();
    return current?.job;
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

/** What is wrong with files that need too much. */
function exceeded({ files }: ParseRequest, what: string): RenderProblem[] {
  const [only] = files.length === 1 ? files : [];
  const message = `the manifests ${what} to parse: split the source into several apps`;
  return [{ ...(only === undefined ? {} : { origin: { file: only.file } }), message }];
}
