import { Worker } from "node:worker_threads";
import type { ReaderResult } from "./run-inputs.js";
import type { InputsRequest } from "./worker.js";

/** Time without progress after which an input counts as a hang, in milliseconds. */
const HANG_MS = 120_000;
/** Heap of all readers together, in MiB. */
const MAX_HEAP_MIB = 1_024;

/** What all readers did. */
export interface InputsResult {
  readonly results: readonly ReaderResult[];
  readonly faults: readonly string[];
  /** Largest resident set of the process, in bytes. */
  readonly peakRss: number;
}

/**
 * Feeds inputs to every reader in a thread with a limited heap, which is ended if one input takes too long. `report` is called for each
 * reader.
 */
export async function runHostileInputs(
  options: Pick<InputsRequest, "inputs" | "only" | "seed">,
  report: (result: ReaderResult) => void,
): Promise<InputsResult> {
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const workerData: InputsRequest = { ...options, progress };
  const worker = new Worker(new URL("worker.js", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  const results: ReaderResult[] = [];
  const faults: string[] = [];
  let names: readonly string[] = [];
  let peakRss = 0;
  let last = { at: Date.now(), place: "" };
  const where = (): string => `${names[progress[0] ?? 0]} ${progress[1]}`;
  const watch = setInterval(() => {
    peakRss = Math.max(peakRss, process.memoryUsage().rss);
    if (where() !== last.place) last = { at: Date.now(), place: where() };
    else if (Date.now() - last.at > HANG_MS) {
      faults.push(`${where()}: hangs`);
      void worker.terminate();
    }
  }, 1_000);
  await new Promise<void>((resolve) => {
    worker.on("message", (message: { names?: readonly string[]; result?: ReaderResult }) => {
      if (message.names !== undefined) names = message.names;
      if (message.result === undefined) return;
      results.push(message.result);
      faults.push(...message.result.faults);
      report(message.result);
    });
    worker.on("error", (error: Error) => faults.push(`${where()}: ends the thread: ${error.stack ?? error.message}`));
    worker.on("exit", () => resolve());
  });
  clearInterval(watch);
  if (results.length < names.length && faults.length === 0) faults.push(`${where()}: the thread has ended`);
  return { results, faults, peakRss };
}
