import type { LogLine } from "./log-buffer.js";

/** Tells the new lines of a log from those that a server sends again after a reconnect. */
export class KnownLines {
  /** Time of the newest line, and the texts of all lines with it: a server sends these again. */
  #newest = "";
  #atNewest = new Map<string, number>();
  /** Lines of this connection that were seen in the one before. */
  #seen = new Map<string, number>();

  /** Time from which a new connection has to send lines; undefined without a line. */
  get since(): string | undefined {
    return this.#newest === "" ? undefined : this.#newest;
  }

  /** Prepares for the lines of a new connection, which begins at `since`. */
  reconnected(): void {
    this.#seen = new Map(this.#atNewest);
  }

  /**
   * Returns the lines that are new, and remembers them. `order` of each is the time by which it is merged with other logs: never
   * before that of the line before it, so that lines of one log keep their order.
   */
  fresh(lines: readonly LogLine[]): LogLine[] {
    return lines.flatMap((line) => {
      if (this.#isKnown(line)) return [];
      this.#remember(line);
      return [{ ...line, order: this.#newest }];
    });
  }

  #isKnown({ time, text }: LogLine): boolean {
    if (time === "" || this.#seen.size === 0) return false;
    if (time < this.#newest) return true;
    const count = time === this.#newest ? (this.#seen.get(text) ?? 0) : 0;
    if (count === 0) return false;
    this.#seen.set(text, count - 1);
    return true;
  }

  #remember({ time, text }: LogLine): void {
    if (time === "") return;
    if (time > this.#newest) {
      this.#newest = time;
      this.#atNewest = new Map();
      this.#seen = new Map();
    }
    if (time === this.#newest) this.#atNewest.set(text, (this.#atNewest.get(text) ?? 0) + 1);
  }
}
