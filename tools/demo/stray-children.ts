import { readdirSync, readFileSync } from "node:fs";

/**
 * Asks the children of this process to end: a download or build that is under way has no guard, because it does no harm.
 * Guards are left alone: they have work to do when this process is gone.
 */
export function endStrayChildren(): void {
  for (const pid of children()) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("process-guard-main")) process.kill(pid, "SIGTERM");
    } catch {
      // It has ended by itself.
    }
  }
}

function children(): number[] {
  try {
    return readdirSync("/proc/self/task").flatMap((thread) =>
      readFileSync(`/proc/self/task/${thread}/children`, "utf8")
        .split(" ")
        .filter((text) => text.trim() !== "")
        .map(Number),
    );
  } catch {
    return [];
  }
}
