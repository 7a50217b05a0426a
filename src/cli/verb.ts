import type { Command } from "commander";
import type { ExitCode } from "./exit-codes.js";

/** Takes the exit code of a command. */
export type Finish = (code: ExitCode) => void;

/** Adds commands to the program. What a command does is loaded by `import()` when it runs: the start is the first thing that people feel. */
export type AddVerbs = (program: Command, finish: Finish) => void;

/** Arguments and flags of an action of commander, which appends the flags and the command to the arguments. */
export function flagsOf<T>(values: readonly unknown[]): T {
  return values.at(-2) as T;
}
