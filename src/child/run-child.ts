import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import type { Clock } from "../base/clock.js";
import { ChildError } from "./child-error.js";
import { type ChildConfinement, type Confinement, confinedCommand, NO_CONFINEMENT } from "./confinement.js";

/** How much of a child's standard error is kept: the last words say why it failed. */
const KEPT_STDERR = 16_384;

/** A program to start, and all that it gets of this process. */
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

/** A child that runs to its end. */
export interface ChildRun extends ChildCommand {
  /** Written to its standard input, which is empty otherwise. */
  readonly input?: string;
  /** Called with each piece of its output. An error that this throws kills the child and is thrown on. */
  readonly onOutput?: (chunk: Buffer) => void;
  /** Kills the child and all that it has started; its reason is thrown. */
  readonly signal: AbortSignal;
  /** Kills the child after this time. Needs a clock. */
  readonly timeout?: { readonly clock: Clock; readonly ms: number };
}

/** How a child ended. */
export interface ChildOutcome {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined;
  /** Its last words, cut. Input of others may be quoted in them, so nothing in them is trusted. */
  readonly stderr: string;
}

/**
 * Starts a child: never through a shell, with an environment made from nothing, and in a process group of its own, so that
 * what it starts dies with it.
 */
export function spawnChild(command: ChildCommand, stdio: NonNullable<SpawnOptions["stdio"]>): ChildProcess {
  const { confinement = NO_CONFINEMENT, env, cwd = "/" } = command;
  const [program = "", ...args] = confinedCommand(confinement, command.program, command.args, command);
  return spawn(program, args, { cwd, env: { ...env }, stdio, detached: true });
}

/**
 * Runs a child to its end. An exit code other than 0 is for the caller to judge.
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
    // Nobody of the group is left.
  }
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
}

function ended(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once("error", (error) => reject(new ChildError("cannot-start", error.message, error)));
    child.once("close", (code) => resolve(code ?? undefined));
  });
}
