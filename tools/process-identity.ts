import { readdirSync, readFileSync } from "node:fs";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot of the machine and start within it, from `/proc`; compared as a whole. */
  readonly started: string;
}

/** The identity of a running process; undefined when there is none or when it has ended and only waits to be reaped. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program, in brackets, may hold blanks and brackets itself: the fields follow its last bracket.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const [state, start] = [fields[0], fields[19]];
    if (start === undefined || state === "X" || (state === "Z" && threads(pid) <= 1)) return undefined;
    return { pid, started: `${bootId()}/${start}` };
  } catch {
    return undefined;
  }
}

/** Whether exactly this process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Sends a signal to exactly this process; false when it has ended already. */
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
 * Ends exactly this process: SIGTERM, and SIGKILL when it still runs after `graceMs`; SIGKILL at once when that is 0.
 * Returns when it is gone; throws when even SIGKILL did not end it within another 10 s.
 */
export async function endProcess(identity: ProcessIdentity, graceMs: number): Promise<void> {
  if (graceMs > 0) {
    if (!signal(identity, "SIGTERM") || (await isGone(identity, graceMs))) return;
  }
  signal(identity, "SIGKILL");
  if (!(await isGone(identity, 10_000))) throw new Error(`process ${identity.pid} does not end, not even by SIGKILL`);
}

async function isGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (isRunning(identity)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}

/** The first thread of a program that is being killed can be gone while others still hold its sockets. */
function threads(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
