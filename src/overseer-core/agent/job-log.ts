import type { Clock, Timer } from "../../base/clock.js";
import { cutText } from "../../base/cut-text.js";

/** Maximum length of a log line, in characters. */
const MAX_LINE = 4096;
/** Maximum number of lines in one request. */
const MAX_LINES = 500;
/** Maximum size of the lines in one request, in bytes: the Core accepts 1 MiB. */
const MAX_BYTES = 256 * 1024;
/** Time in milliseconds to collect lines before sending them in one request. */
const BATCH_MS = 100;

/** Sends numbered lines; throws if the Core did not receive them. */
export type SendLines = (from: number, lines: readonly string[]) => Promise<void>;

/** Returns the first of `lines`, as many as one request may have. */
export function firstBatch(lines: readonly string[]): readonly string[] {
  let bytes = 0;
  const batch = lines.slice(0, MAX_LINES);
  const tooMany = batch.findIndex((line) => {
    bytes += Buffer.byteLength(JSON.stringify(line)) + 1;
    return bytes > MAX_BYTES;
  });
  return tooMany < 0 ? batch : batch.slice(0, tooMany);
}

/** Sends the log of one job to the Core. Lines that were not received are sent again with the next ones, under the same numbers. */
export class JobLog {
  readonly #send: SendLines;
  readonly #clock: Clock;
  #next: number;
  #pending: string[] = [];
  #timer: Timer | undefined;

  /** `next`: number of the first line. */
  constructor(next: number, send: SendLines, clock: Clock) {
    this.#next = next;
    this.#send = send;
    this.#clock = clock;
  }

  add(line: string): void {
    this.#pending.push(cutText(line.replaceAll("\0", ""), MAX_LINE));
    this.#timer ??= this.#clock.after(BATCH_MS, () => {
      this.#flush()
        .catch(() => {})
        .finally(() => {
          this.#timer = undefined;
        });
    });
  }

  /** Stops sending; returns the lines that the Core has not acknowledged. */
  close(): { readonly from: number; readonly lines: readonly string[] } {
    this.#timer?.cancel();
    return { from: this.#next, lines: [...this.#pending] };
  }

  async #flush(): Promise<void> {
    while (this.#pending.length > 0) {
      const lines = firstBatch(this.#pending);
      await this.#send(this.#next, lines);
      this.#pending = this.#pending.slice(lines.length);
      this.#next += lines.length;
    }
  }
}
