import { styles } from "../demo/styles.js";
import { type Counts, count, formatCounts, type TestResult } from "./messages.js";

const SLOWEST = 10;

/** Says how a run goes: a line a file, each failure at once and again at the end. */
export class RunReport {
  readonly #results: TestResult[] = [];
  readonly #problems: string[] = [];
  readonly #flaky: string[] = [];
  readonly #seconds: { readonly name: string; readonly seconds: number }[] = [];
  readonly #style = styles(process.stdout);

  /** Says which tests come now. */
  begin(title: string): void {
    this.#print(`\n${this.#style.bold(title)}`);
  }

  /** Takes in what the tests of some files said. */
  add(results: readonly TestResult[], problems: readonly string[]): void {
    this.#results.push(...results);
    this.#problems.push(...problems);
    const files = new Set(results.map((result) => result.file));
    for (const file of files) this.#file(results.filter((result) => result.file === file));
    for (const problem of problems) this.#print(`  ${this.#style.red("✘")} ${problem}`);
  }

  /** Says that a file has failed and runs again, after all others. */
  runsAgain(file: string): void {
    this.#print(`  ${this.#style.red("✘")} ${file}: failed, runs again after the others`);
  }

  /** Records failures of a file that passed when it ran a second time. They are printed, but not counted. */
  flaky(results: readonly TestResult[], problems: readonly string[]): void {
    const failed = results.filter(({ state }) => state === "failed");
    for (const { file, title, error } of failed) {
      this.#flaky.push(`${file}: ${title}`);
      this.#print(`  ${this.#style.red("flaky:")} ${file}: ${title}\n${indent(error ?? "", 6)}`);
    }
    for (const problem of problems) {
      this.#flaky.push(problem);
      this.#print(`  ${this.#style.red("flaky:")} ${problem}`);
    }
  }

  /** Records how long the process of a file took, its start and end included. */
  took(name: string, seconds: number): void {
    this.#seconds.push({ name, seconds });
  }

  /** Says how a tier went. */
  tier(name: string, seconds: number, since: Counts): Counts {
    const now = this.counts();
    const counts = {
      passed: now.passed - since.passed,
      failed: now.failed - since.failed,
      skipped: now.skipped - since.skipped,
    };
    this.#print(`${name} tests: ${formatCounts(counts)} in ${seconds.toFixed(1)} s`);
    return counts;
  }

  /** What is counted so far; a child that crashed or hung counts as a failure. */
  counts(): Counts {
    const { passed, failed, skipped } = count(this.#results);
    return { passed, failed: failed + this.#problems.length, skipped };
  }

  /** A failure that is not a test's. */
  problem(text: string): void {
    this.#problems.push(text);
    this.#print(`  ${this.#style.red("✘")} ${text}`);
  }

  /** Says all failures and skips once more. The line of the counts is the last one. */
  finish(): void {
    this.#slowest();
    const failed = this.#results.filter((result) => result.state === "failed");
    const skipped = this.#results.filter((result) => result.state === "skipped");
    for (const { file, title } of skipped) this.#print(`skipped: ${file}: ${title}`);
    for (const text of this.#flaky) this.#print(`${this.#style.red("flaky:")} ${text} (passed when run again)`);
    for (const { file, title } of failed) this.#print(`${this.#style.red("failed:")} ${file}: ${title}`);
    for (const problem of this.#problems) this.#print(`${this.#style.red("failed:")} ${problem}`);
    this.#print(`\n${formatCounts(this.counts())}`);
  }

  /** The files that take longest: where to look when the suite has become slow. */
  #slowest(): void {
    if (this.#seconds.length < 2 * SLOWEST) return;
    this.#print("slowest files:");
    for (const { name, seconds } of this.#seconds.sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST))
      this.#print(`  ${seconds.toFixed(1).padStart(6)} s ${name}`);
  }

  #file(results: readonly TestResult[]): void {
    const { passed, failed, skipped } = count(results);
    const seconds = results.reduce((sum, result) => sum + result.ms, 0) / 1000;
    const parts = [
      `${passed} passed`,
      ...(failed ? [`${failed} failed`] : []),
      ...(skipped ? [`${skipped} skipped`] : []),
    ];
    const mark = failed === 0 ? this.#style.green("✔") : this.#style.red("✘");
    this.#print(
      `  ${mark} ${(results[0]?.file ?? "").padEnd(52)} ${parts.join(", ")}  ${this.#style.dim(`${seconds.toFixed(1)} s`)}`,
    );
    for (const { title, state, error } of results) {
      if (state === "failed") this.#print(`\n    ${this.#style.red(title)}\n${indent(error ?? "", 6)}\n`);
    }
  }

  #print(line: string): void {
    process.stdout.write(`${line}\n`);
  }
}

function indent(text: string, by: number): string {
  return text.replaceAll(/^/gm, " ".repeat(by));
}
