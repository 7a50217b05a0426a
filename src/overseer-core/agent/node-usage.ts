import { readFileSync, statfsSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import type { CoreNodeUsage } from "../../api/core/node.js";

/** Reads memory and disk of this machine: of the disks of some directories, the one with less space left. Undefined if none can be read. */
export function nodeUsage(directories: readonly string[]): CoreNodeUsage | undefined {
  const disks = directories.flatMap((directory) => {
    try {
      const { bsize, blocks, bavail } = statfsSync(directory);
      return [{ disk: blocks * bsize, diskAvailable: bavail * bsize }];
    } catch {
      return [];
    }
  });
  const [fullest] = disks.sort((a, b) => a.diskAvailable - b.diskAvailable);
  return fullest && { memory: totalmem(), memoryAvailable: availableMemory(), ...fullest };
}

/** Memory without what the system can give back, such as caches of files. */
function availableMemory(): number {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
    return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  } catch {
    return freemem();
  }
}
