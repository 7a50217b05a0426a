import type { Facts } from "./step.js";
import { styles } from "./styles.js";

/** Where the column of the times begins. */
const WIDTH = 66;

/** What the person at the terminal sees: a line a step, and below it what was seen. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly style;

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream;
    this.style = styles(stream);
    // Whoever reads the other end may go away, as `| head` does; the demo is to end in order all the same.
    stream.on("error", () => {});
  }

  line(text = ""): void {
    this.#stream.write(`${text}\n`);
  }

  title(text: string): void {
    this.line(this.style.bold(text));
  }

  /** Something that was prepared. */
  ready(what: string, ms: number): void {
    this.line(`  ${what.padEnd(WIDTH - 2)}${this.style.dim(seconds(ms))}`);
  }

  /** Prepares something, and says how long that took. */
  async timed<T>(what: (result: T) => string, start: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await start();
    this.ready(what(result), performance.now() - began);
    return result;
  }

  /** A step that came to its end well. */
  done(number: string, what: string, ms: number, seen: Facts): void {
    this.line(`\n${this.style.green("✔")} ${`${number} ${what}`.padEnd(WIDTH - 2)}${this.style.bold(seconds(ms))}`);
    this.facts(seen);
  }

  failed(number: string, what: string, ms: number): void {
    this.line(`\n${this.style.red("✘")} ${`${number} ${what}`.padEnd(WIDTH - 2)}${this.style.bold(seconds(ms))}`);
  }

  /** Names and what there is to say of them, aligned. */
  facts(seen: Facts): void {
    const width = Math.max(10, ...seen.map(([name]) => name.length));
    for (const [name, text] of seen) {
      const [first = "", ...rest] = text.split("\n");
      this.line(`    ${this.style.dim(name.padEnd(width))}  ${first}`);
      for (const more of rest) this.line(`    ${" ".repeat(width)}  ${more}`);
    }
  }

  progress = (text: string): void => this.line(this.style.dim(`  ${text}`));
}

/** `0.4 s`, aligned at its end. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`.padStart(7);
}
