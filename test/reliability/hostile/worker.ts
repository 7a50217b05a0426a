import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { allReaders } from "./all-readers.js";
import { runInputs } from "./run-inputs.js";

/** What the program says to this thread. */
export interface InputsRequest {
  readonly inputs: number;
  readonly seed: number;
  /** Readers whose name contains this text only. */
  readonly only: string | undefined;
  /** Number of the reader and of its input that is being read. */
  readonly progress: Int32Array;
}

setFlagsFromString("--expose-gc");
globalThis.gc = runInNewContext("gc") as typeof globalThis.gc;

const { inputs, seed, only, progress } = workerData as InputsRequest;
const { readers, stop } = await allReaders();
const chosen = readers.filter(({ name }) => only === undefined || name.includes(only));
const total = chosen.reduce((sum, { weight = 1 }) => sum + weight, 0);
parentPort?.postMessage({ names: chosen.map(({ name }) => name) });
for (const [index, reader] of chosen.entries()) {
  const count = Math.ceil((inputs * (reader.weight ?? 1)) / total);
  const result = await runInputs(reader, seed, count, (number) => {
    progress[0] = index;
    progress[1] = number;
  });
  parentPort?.postMessage({ result });
}
await stop();
