import { readdirSync, readFileSync } from "node:fs";

/**
 * Terminates the children of this process, such as a running download or build, which have no guard. Guards keep
 * running, since they act after this process has exited.
 */
export function endStrayChildren(): void {
  for (const pid of children()) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("process-guard-main")) process.kill(pid, "SIGTERM");
    } catch {
      // The process has already exited.
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
