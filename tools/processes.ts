import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { ProcessGuard } from "./process-guard.js";
import { endProcess, identify, type ProcessIdentity } from "./process-identity.js";

/** A child process that writes to a log file. */
export interface LoggedProcess {
  readonly name: string;
  readonly identity: ProcessIdentity;
  readonly logFile: string;
  /** Exit status, for example `exit code 1` or `signal SIGKILL`; undefined while running. */
  ended(): string | undefined;
  /** Returns the last log lines. */
  tail(lines?: number): string;
  /** Sends SIGTERM, then SIGKILL after `graceMs` (default 5 s; 0 means at once). Returns when the process has exited. */
  stop(graceMs?: number): Promise<void>;
}

/** Options of a child process. */
export interface SpawnOptions {
  /** Environment. Defaults to the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** File to which stdout and stderr are appended. */
  readonly logFile: string;
  readonly cwd?: string;
  /** Kills the child if this process exits without stopping it. */
  readonly guard?: ProcessGuard;
}

/**
 * Starts a program in a new session, so that Ctrl-C reaches only this process, which then stops its children in order.
 * The child does not keep this process alive. Throws if the program cannot be started.
 */
export async function spawnLogged(
  name: string,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Promise<LoggedProcess> {
  const log = openSync(options.logFile, "a", 0o600);
  let end: string | undefined;
  try {
    const child = spawn(command, args, {
      stdio: ["ignore", log, log],
      detached: true,
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const exited = once(child, "exit").then(([code, signalName]) => {
      end = signalName === null ? `exit code ${code}` : `signal ${signalName}`;
    });
    exited.catch(() => {});
    if (child.pid === undefined) await exited;
    const identity = identify(child.pid ?? 0) ?? { pid: child.pid ?? 0, started: "ended at once" };
    options.guard?.add(identity);
    child.unref();
    const stop = async (graceMs = 5_000) => {
      if (end === undefined) child.ref();
      await endProcess(identity, graceMs);
      await exited;
      options.guard?.remove(identity);
    };
    return { name, identity, logFile: options.logFile, ended: () => end, tail: (n) => tail(options.logFile, n), stop };
  } catch (error) {
    throw new Error(`cannot start ${name} (${command}): ${error instanceof Error ? error.message : error}`);
  } finally {
    closeSync(log);
  }
}

/** Returns at most the last `lines` lines of a file; empty if it does not exist. */
export function tail(path: string, lines = 15): string {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}
