import type { ChildProcess } from "node:child_process";
import { ChildError } from "../../child/child-error.js";
import type { Confinement } from "../../child/confinement.js";
import { type ChildCommand, type ChildOutcome, type ChildRun, runChild, spawnChild } from "../../child/run-child.js";
import { GitError } from "../errors.js";
import { type GitEnvironmentOptions, gitEnvironment } from "./environment.js";

/** Which `git` to start, and how large it may become. */
export interface GitProgramOptions {
  /** Path or name of the program. */
  readonly executable: string;
  /** Where `git` looks for itself and its helpers; nothing else of the operator's environment reaches it. */
  readonly path: string;
  /** Bytes of one allocation: a pack can announce an object of many gigabytes. */
  readonly maxAllocation: number;
  /** Bytes of all private memory of one child. Needs `confinement`. */
  readonly memoryBytes?: number;
  /** What the machine allows. */
  readonly confinement?: Confinement;
  /** Seconds of silence after which a transfer is given up. */
  readonly silenceSeconds: number;
}

/** One child that runs to its end. */
export interface GitRun
  extends Omit<GitEnvironmentOptions, keyof GitProgramOptions>,
    Pick<ChildRun, "args" | "input" | "onOutput" | "signal"> {}

/** How a child ended. Its last words may quote the server, so nothing in them is trusted. */
export type GitOutcome = ChildOutcome;

/** Starts `git` as a confined child, with settings from its environment alone. */
export class GitProgram {
  readonly #options: GitProgramOptions;

  constructor(options: GitProgramOptions) {
    this.#options = options;
  }

  /**
   * Runs `git` to its end. Throws the reason of `signal` when that fired, and `GIT_STORE_UNWRITABLE` when no process can be
   * started; an exit code other than 0 is for the caller to judge.
   */
  async run(run: GitRun): Promise<GitOutcome> {
    const { input, onOutput, signal } = run;
    try {
      return await runChild({
        ...this.#command(run.args, run),
        ...(input === undefined ? {} : { input }),
        ...(onOutput === undefined ? {} : { onOutput }),
        signal,
      });
    } catch (error) {
      if (error instanceof ChildError) throw cannotStart(error.cause);
      throw error;
    }
  }

  /** Starts a child that is talked to through its pipes. The caller ends it. */
  start(args: readonly string[], options: Omit<GitEnvironmentOptions, keyof GitProgramOptions>): ChildProcess {
    return spawnChild(this.#command(args, options), ["pipe", "pipe", "ignore"]);
  }

  #command(args: readonly string[], options: Omit<GitEnvironmentOptions, keyof GitProgramOptions>): ChildCommand {
    const { executable, confinement, memoryBytes } = this.#options;
    return {
      program: executable,
      args,
      env: gitEnvironment({ ...this.#options, ...options }),
      ...(confinement === undefined ? {} : { confinement }),
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
    };
  }
}

/** The error for a `git` that cannot be started: gone, or no process is to be had. */
export function cannotStart(error: unknown): GitError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  const message = `cannot start git (${code}): check that git is installed, and the limits on processes and memory`;
  return new GitError("GIT_STORE_UNWRITABLE", message, { cause: error });
}
