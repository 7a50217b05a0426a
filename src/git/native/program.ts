import type { ChildProcess } from "node:child_process";
import { ChildError } from "../../child/child-error.js";
import type { Confinement } from "../../child/confinement.js";
import { type ChildCommand, type ChildOutcome, type ChildRun, runChild, spawnChild } from "../../child/run-child.js";
import { GitError } from "../errors.js";
import type { GitLimits } from "../limits.js";
import { type GitEnvironmentOptions, gitEnvironment } from "./environment.js";

/** The `git` program and its limits. */
export interface GitProgramOptions {
  /** Path or name of the program. */
  readonly executable: string;
  /** Search path of git and its helpers; the operator's environment is not inherited. */
  readonly path: string;
  /** Maximum bytes of one allocation: a pack can announce an object of many gigabytes. */
  readonly maxAllocation: number;
  /** Maximum bytes of private memory per child. Requires `confinement`. */
  readonly memoryBytes?: number;
  /** What the machine allows. */
  readonly confinement?: Confinement;
  /** Seconds without data after which a transfer is aborted. */
  readonly silenceSeconds: number;
}

/** One run of `git` to completion. */
export interface GitRun
  extends Omit<GitEnvironmentOptions, keyof GitProgramOptions>,
    Pick<ChildRun, "args" | "input" | "onOutput" | "signal"> {}

/** Result of a child. Its stderr may quote the server, so it is untrusted. */
export type GitOutcome = ChildOutcome;

/** Starts `git` as a confined child that is configured only by its environment. */
export class GitProgram {
  readonly #options: GitProgramOptions;

  constructor(options: GitProgramOptions) {
    this.#options = options;
  }

  /**
   * Runs `git` to completion. Throws the reason of `signal` if it aborts, and `GIT_STORE_UNWRITABLE` if no process can be started.
   * The caller handles exit codes other than 0.
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

  /** Starts a child that communicates through pipes. The caller stops it. */
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

/** Returns the error for a `git` that cannot be started. */
export function cannotStart(error: unknown): GitError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  const message = `cannot start git (${code}): check that git is installed, and the limits on processes and memory`;
  return new GitError("GIT_STORE_UNWRITABLE", message, { cause: error });
}

/** Returns the maximum bytes of one allocation: one object and the table of all objects, with a margin. */
export function maxAllocation({ maxObjectBytes, maxObjects }: GitLimits): number {
  return maxObjectBytes + 80 * maxObjects + 32 * 2 ** 20;
}

/** Returns the memory limit of a child in bytes: several times what its settings allow it to use. */
export function childMemory(limits: GitLimits): number {
  return Math.max(2 ** 30, 4 * maxAllocation(limits));
}
