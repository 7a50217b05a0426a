import { messageOf } from "../../../src/base/errors.js";
import { SeededRandom } from "../../soak/random.js";
import { mutate } from "./mutate.js";
import { CANARY, type HostileReader } from "./reader.js";

/** CPU time that one input may take, in milliseconds. */
const MAX_CPU_MS = 3_000;
/** Heap that one reader may keep after all of its inputs, in bytes. */
const MAX_KEPT = 48 * 2 ** 20;
/** Errors of the language: a reader that throws one has met what it did not expect. */
const UNEXPECTED: ReadonlySet<unknown> = new Set([
  ...[Error, TypeError, RangeError, ReferenceError, SyntaxError, EvalError, URIError, AggregateError, DOMException],
]);

/** What one reader did with its inputs. */
export interface ReaderResult {
  readonly name: string;
  readonly inputs: number;
  /** Inputs that were refused with an error of the product. */
  readonly refused: number;
  /** Longest CPU time of one input, in milliseconds. */
  readonly slowestMs: number;
  /** Heap that was kept, in bytes. */
  readonly kept: number;
  /** Each kind of fault once: `number: what`. */
  readonly faults: readonly string[];
}

/** Returns one input of a reader. Depends on the seed, the reader and the number only. */
export function inputOf(
  reader: HostileReader,
  seed: number,
  number: number,
): { readonly input: unknown; readonly random: SeededRandom } {
  const name = [...reader.name].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, seed);
  const random = new SeededRandom(name ^ Math.imul(number + 1, 0x9e3779b1));
  for (let skip = 0; skip < 5; skip++) random.next();
  const input = mutate(random.pick(reader.samples), reader.samples, reader.words ?? [], random);
  return { input, random };
}

/** Feeds `count` inputs to a reader. `beat` is called before each, so that a hang can be seen from outside. */
export async function runInputs(
  reader: HostileReader,
  seed: number,
  count: number,
  beat: (number: number) => void = () => {},
): Promise<ReaderResult> {
  const faults = new Map<string, string>();
  let [refused, slowestMs] = [0, 0];
  const note = (number: number, kind: string, detail: string): void => {
    if (!faults.has(kind)) faults.set(kind, `${reader.name} ${number}: ${kind}${detail}`);
  };
  const before = heapUsed();
  for (let number = 0; number < count; number++) {
    beat(number);
    const { input, random } = inputOf(reader, seed, number);
    const start = process.cpuUsage();
    try {
      await reader.read(input as never, random);
    } catch (error) {
      refused++;
      if (!(error instanceof Error) || UNEXPECTED.has(error.constructor))
        note(number, "is no error of the product: ", describe(error));
      if (reader.secret === true && messageOf(error).includes(CANARY))
        note(number, "an error shows a secret value: ", messageOf(error).slice(0, 300));
    }
    const { user, system } = process.cpuUsage(start);
    const ms = (user + system) / 1_000;
    if (ms > MAX_CPU_MS) note(number, "takes too long: ", `${Math.round(ms)} ms`);
    slowestMs = Math.max(slowestMs, ms);
  }
  const kept = heapUsed() - before;
  if (kept > MAX_KEPT) note(count, "keeps memory: ", `${Math.round(kept / 2 ** 20)} MiB`);
  return { name: reader.name, inputs: count, refused, slowestMs, kept, faults: [...faults.values()] };
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = /at .*\/(?:src|node_modules)\/[^\n]*/.exec(error.stack ?? "")?.[0] ?? "";
  return `${error.constructor.name}: ${error.message.slice(0, 160)} ${place}`;
}

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
