import type { Clock, Timer } from "../../base/clock.js";
import { cutText } from "../../base/cut-text.js";

/** Longest line that a Core takes, in characters. */
const MAX_LINE = 4096;
/** Most lines that one request carries. */
export const MAX_LOG_LINES = 500;
/** Lines that follow each other within this time, in milliseconds, travel together. */
const GATHER_MS = 100;

/** Sends numbered lines; throws when they did not arrive. */
export type SendLines = (from: number, lines: readonly string[]) => Promise<void>;

/** The log of one job on its way to the Core. What did not arrive is sent again with the next lines, under the same numbers. */
export class JobLog {
  readonly #send: SendLines;
  readonly #clock: Clock;
  #next: number;
  #waiting: string[] = [];
  #timer: Timer | undefined;

  /** `next`: number of the first line. */
  constructor(next: number, send: SendLines, clock: Clock) {
    this.#next = next;
    this.#send = send;
    this.#clock = clock;
  }

  add(line: string): void {
    this.#waiting.push(cutText(line.replaceAll("\0", ""), MAX_LINE));
    this.#timer ??= this.#clock.after(GATHER_MS, () => {
      this.#flush()
        .catch(() => {})
        .finally(() => {
          this.#timer = undefined;
        });
    });
  }

  /** Sends no more; gives the lines of which it is not known that they arrived. */
  close(): { readonly from: number; readonly lines: readonly string[] } {
    this.#timer?.cancel();
    return { from: this.#next, lines: [...this.#waiting] };
  }

  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.slice(0, MAX_LOG_LINES);
      await this.#send(this.#next, lines);
      this.#waiting = this.#waiting.slice(lines.length);
      this.#next += lines.length;
    }
  }
}
