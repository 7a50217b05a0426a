import { readFileSync } from "node:fs";

/** Ticks a second of the times in `/proc/<pid>/stat`: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds of a process so far, user and system, all its threads, those that have ended too. To 10 ms. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** CPU seconds of all children of a process that have ended and were waited for. To 10 ms. */
export function childCpuSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

/** Fields of `/proc/<pid>/stat` from the state on. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The command's name is in brackets and may hold anything, brackets and blanks too.
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Resident memory of a process in MiB. `peak`: the most since its start. */
export function memoryMb(pid: number, which: "now" | "peak"): number {
  const name = which === "now" ? "VmRSS" : "VmHWM";
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (!match) throw new Error(`/proc/${pid}/status has no ${name}`);
  return Number(match[1]) / 1024;
}

/** How `untilQuiet` judges. */
export interface QuietOptions {
  /** Quiet for so long. */
  readonly forMs?: number;
  readonly timeoutMs?: number;
}

/**
 * Waits until a process uses (nearly) no CPU: asking it would make it work, so this only looks from outside. Throws when
 * it never rests.
 */
export async function untilQuiet(pid: number, { forMs = 400, timeoutMs = 60_000 }: QuietOptions = {}): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  let last = cpuSeconds(pid);
  let since = performance.now();
  while (performance.now() - since < forMs) {
    if (performance.now() > deadline) throw new Error(`process ${pid} does not come to rest`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = cpuSeconds(pid);
    if (now - last > 0.011) since = performance.now();
    if (now !== last) last = now;
  }
}
