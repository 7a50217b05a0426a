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
  /** How it ended, for example `exit code 1` or `signal SIGKILL`; undefined while it runs. */
  ended(): string | undefined;
  /** The last lines of its log. */
  tail(lines?: number): string;
  /** SIGTERM, then SIGKILL after `graceMs` (5 s unless told; 0: at once). Returns when it is gone, at once if it was. */
  stop(graceMs?: number): Promise<void>;
}

/** How to start a child. */
export interface SpawnOptions {
  /** The whole environment; the parent's unless told. */
  readonly env?: NodeJS.ProcessEnv;
  /** Both streams are appended here. */
  readonly logFile: string;
  readonly cwd?: string;
  /** Ends the child when this process dies without stopping it. */
  readonly guard?: ProcessGuard;
}

/**
 * Starts a program in a session of its own, so that Ctrl-C reaches only this process, which then stops its children in
 * order. The child does not keep this process alive. Throws when the program cannot be started.
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

/** The last lines of a file, at most `lines` of them; empty when there is no such file. */
export function tail(path: string, lines = 15): string {
  try {
    return readFileSync(path, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}
