import { readdirSync, readFileSync } from "node:fs";

/** Identity of a process, distinct from later processes with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot id and start time from `/proc`. */
  readonly started: string;
}

/** Returns the identity of a running process; undefined if it does not exist or is a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program name in parentheses may contain blanks and parentheses; the fields follow the last parenthesis.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state, start] = [fields[0], fields[19]];
    if (start === undefined || state === "X" || (state === "Z" && threads(pid) <= 1)) return undefined;
    return { pid, started: `${bootId()}/${start}` };
  } catch {
    return undefined;
  }
}

/** Reports whether this process is still running. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Sends a signal to this process; returns false if it has exited. */
export function signal(identity: ProcessIdentity, name: NodeJS.Signals): boolean {
  if (!isRunning(identity)) return false;
  try {
    process.kill(identity.pid, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Terminates this process: SIGTERM, then SIGKILL after `graceMs`, or SIGKILL at once if that is 0. Returns when it has
 * exited; throws if it is still running 10 s after SIGKILL.
 */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (graceMs > 0) {
    if (!signal(identity, "SIGTERM") || (await isGone(identity, graceMs))) return;
  }
  signal(identity, "SIGKILL");
  if (!(await isGone(identity, 10_000))) throw new Error(`process ${identity.pid} is still running after SIGKILL`);
}

async function isGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** The main thread of a killed program can be gone while other threads still hold its sockets. */
function threads(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
