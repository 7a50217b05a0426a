import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { Clock } from "../base/clock.js";
import { ChildError } from "./child-error.js";
import { type ChildConfinement, type Confinement, confinedCommand, NO_CONFINEMENT } from "./confinement.js";

/** Characters of a child's stderr that are kept: the last lines contain the reason of a failure. */
const KEPT_STDERR = 16_384;

/** A program to start, with its arguments and environment. */
export interface ChildCommand extends ChildConfinement {
  readonly program: string;
  readonly args: readonly string[];
  /** The whole environment: nothing of this process is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Defaults to the root directory. */
  readonly cwd?: string;
  /** What the machine allows. Defaults to no confinement beyond a process group. */
  readonly confinement?: Confinement;
}

/** A child that runs to completion. */
export interface ChildRun extends ChildCommand {
  /** Written to its standard input, which is empty otherwise. */
  readonly input?: string | Uint8Array;
  /** Called with each chunk of its output. An error thrown here kills the child and is rethrown. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Called with each chunk of its stderr. */
  readonly onError?: (chunk: Buffer) => void;
  /** Kills the child and its descendants; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Kills the child after this time. Needs a clock. */
  readonly timeout?: { readonly clock: Clock; readonly ms: number };
}

/** Result of a child. */
export interface ChildOutcome {
  /** Undefined if the child was terminated by a signal. */
  readonly code: number | undefined;
  /** Truncated stderr. It may quote foreign input, so it is untrusted. */
  readonly stderr: string;
}

/**
 * Starts a child without a shell, without inherited environment, and in a new process group, so that its descendants are killed
 * with it.
 */
export function spawnChild(command: ChildCommand, stdio: NonNullable<SpawnOptions["stdio"]>): ChildProcess {
  const { confinement = NO_CONFINEMENT, env, cwd = "/" } = command;
  const [program = "", ...args] = confinedCommand(confinement, command.program, command.args, command);
  return spawn(program, args, { cwd, env: { ...env }, stdio, detached: true });
}

/**
 * Runs a child to completion. The caller handles exit codes other than 0.
 *
 * @throws ChildError when it cannot be started or exceeds its time; the reason of `signal`; what `onOutput` throws.
 */
export async function runChild(run: ChildRun): Promise<ChildOutcome> {
  run.signal.throwIfAborted();
  const child = spawnChild(run, [run.input === undefined ? "ignore" : "pipe", "pipe", "pipe"]);
  let stderr = "";
  let failure: unknown;
  const stop = (error: unknown): void => {
    failure ??= error;
    killGroup(child);
  };
  const aborted = (): void => stop(run.signal.reason);
  run.signal.addEventListener("abort", aborted, { once: true });
  const timer = run.timeout?.clock.after(run.timeout.ms, () =>
    stop(new ChildError("timeout", `did not end within ${run.timeout?.ms} ms`)),
  );
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-KEPT_STDERR);
    run.onError?.(chunk);
  });
  child.stdout?.on("data", (chunk: Buffer) => {
    try {
      if (failure === undefined) run.onOutput?.(chunk);
    } catch (error) {
      stop(error);
    }
  });
  // It may exit before it has read all input; its exit code tells the reason.
  child.stdin?.on("error", () => {});
  child.stdin?.end(run.input);
  try {
    const code = await ended(child);
    if (failure !== undefined) throw failure;
    return { code, stderr };
  } finally {
    timer?.cancel();
    run.signal.removeEventListener("abort", aborted);
  }
}

/** Kills a child and everything in its process group. Does nothing when they have ended. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group has no processes left.
  }
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}

function ended(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new ChildError("cannot-start", error.message, error)));
    child.once("close", (code) => resolve(code ?? undefined));
  });
}
