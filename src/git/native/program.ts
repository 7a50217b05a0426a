import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { GitError } from "../errors.js";
import { type GitEnvironmentOptions, gitEnvironment } from "./environment.js";

/** How much of a child's stderr is kept: its last words tell why it failed. */
const KEPT_STDERR = 16_384;

/** Which `git` to start, and how large it may become. */
export interface GitProgramOptions {
  /** Path or name of the program. */
  readonly executable: string;
  /** Where `git` looks for itself and its helpers; nothing else of the operator's environment reaches it. */
  readonly path: string;
  /** Bytes of one allocation: a pack can announce an object of many gigabytes. */
  readonly maxAllocation: number;
  /** Seconds of silence after which a transfer is given up. */
  readonly silenceSeconds: number;
}

/** One child that runs to its end. */
export interface GitRun extends Omit<GitEnvironmentOptions, keyof GitProgramOptions> {
  readonly args: readonly string[];
  /** Written to its standard input, which is empty otherwise. */
  readonly input?: string;
  /** Called with what it prints; nothing of it is kept otherwise. What this throws ends the child and is thrown on. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Kills the child and all that it started. */
  readonly signal: AbortSignal;
}

/** How a child ended. */
export interface GitOutcome {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  /** Its last words, cut. They may quote the server, so nothing in them is trusted. */
  readonly stderr: string;
}

/**
 * Starts `git`: never through a shell, with an environment made from nothing, each child in a process group of its own, so
 * that helpers of a killed one die with it.
 */
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
    run.signal.throwIfAborted();
    const child = this.#spawn(run.args, run, [run.input === undefined ? "ignore" : "pipe", "pipe", "pipe"]);
    let stderr = "";
    let failure: unknown;
    const stop = (error: unknown): void => {
      failure ??= error;
      killGroup(child);
    };
    const aborted = (): void => stop(run.signal.reason);
    run.signal.addEventListener("abort", aborted, { once: true });
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString("utf8")).slice(-KEPT_STDERR);
    });
    child.stdout?.on("data", (chunk: Buffer) => {
      try {
        if (failure === undefined) run.onOutput?.(chunk);
      } catch (error) {
        stop(error);
      }
    });
    // It may end before it has read everything; its exit code says why.
    child.stdin?.on("error", () => {});
    child.stdin?.end(run.input);
    try {
      const code = await ended(child);
      if (failure !== undefined) throw failure;
      return { code, stderr };
    } finally {
      run.signal.removeEventListener("abort", aborted);
    }
  }

  /** Starts a child that is talked to through its pipes. The caller ends it. */
  start(args: readonly string[], options: Omit<GitEnvironmentOptions, keyof GitProgramOptions>): ChildProcess {
    return this.#spawn(args, options, ["pipe", "pipe", "ignore"]);
  }

  #spawn(
    args: readonly string[],
    options: Omit<GitEnvironmentOptions, keyof GitProgramOptions>,
    stdio: NonNullable<SpawnOptions["stdio"]>,
  ): ChildProcess {
    const env = gitEnvironment({ ...this.#options, ...options });
    return spawn(this.#options.executable, args, { cwd: "/", env, stdio, detached: true });
  }
}

/** Kills a child and everything in its process group. Does nothing when they have ended. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}

/** The error for a `git` that cannot be started: gone, or no process is to be had. */
export function cannotStart(error: unknown): GitError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  const message = `the program git cannot be started (${code}): check the limits on processes and memory, and that git is installed`;
  return new GitError("GIT_STORE_UNWRITABLE", message, { cause: error });
}

function ended(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(cannotStart(error)));
    child.once("close", (code) => resolve(code ?? undefined));
  });
}
