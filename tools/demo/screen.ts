import type { Facts } from "./step.js";
import { styles } from "./styles.js";

/** Column of the times. */
const WIDTH = 66;

/** Terminal output of the demo: one line per step, followed by details. */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly style;

  constructor(stream: NodeJS.WriteStream = process.stdout) {
    this.#stream = stream;
    this.style = styles(stream);
    // The reader may close the pipe, like `| head`; cleanup must run nevertheless.
    stream.on("error", () => {});
  }

  line(text = ""): void {
    this.#stream.write(`${text}\n`);
  }

  title(text: string): void {
    this.line(this.style.bold(text));
  }

  /** Prints a completed preparation. */
  ready(what: string, ms: number): void {
    this.line(`  ${what.padEnd(WIDTH - 2)}${this.style.dim(seconds(ms))}`);
  }

  /** Runs a preparation and prints its duration. */
  async timed<T>(what: (result: T) => string, start: () => Promise<T>): Promise<T> {
    const began = performance.now();
    const result = await start();
    this.ready(what(result), performance.now() - began);
    return result;
  }

  /** Prints a successful step. */
  done(number: string, what: string, ms: number, facts: Facts): void {
    this.line(`\n${this.style.green("✔")} ${`${number} ${what}`.padEnd(WIDTH - 2)}${this.style.bold(seconds(ms))}`);
    this.facts(facts);
  }

  failed(number: string, what: string, ms: number): void {
    this.line(`\n${this.style.red("✘")} ${`${number} ${what}`.padEnd(WIDTH - 2)}${this.style.bold(seconds(ms))}`);
  }

  /** Prints aligned names and values. */
  facts(facts: Facts): void {
    const width = Math.max(10, ...facts.map(([name]) => name.length));
    for (const [name, text] of facts) {
      const [first = "", ...rest] = text.split("\n");
      this.line(`    ${this.style.dim(name.padEnd(width))}  ${first}`);
      for (const more of rest) this.line(`    ${" ".repeat(width)}  ${more}`);
    }
  }

  progress = (text: string): void => this.line(this.style.dim(`  ${text}`));
}

/** Formats a duration like `0.4 s`, right-aligned. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`.padStart(7);
}
