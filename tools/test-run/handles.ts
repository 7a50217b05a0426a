import { ChildProcess } from "node:child_process";
import { Server, Socket } from "node:net";

/** Describes the handles that keep this process alive, to find leaks: `child process 4711 (node main.js)`, `timer`, … */
export function openHandles(): string[] {
  const { _getActiveHandles: list } = process as unknown as { _getActiveHandles?: () => unknown[] };
  const handles = (list?.call(process) ?? []).filter(keepsAlive).map(describe);
  const kinds = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout" || kind === "Immediate");
  return [...handles, ...kinds];
}

/** Excludes the standard streams and the channel to the parent. */
function keepsAlive(handle: unknown): boolean {
  if (handle === process.stdout || handle === process.stderr || handle === process.stdin) return false;
  if ((handle as { fd?: number }).fd !== undefined && [0, 1, 2].includes((handle as { fd: number }).fd)) return false;
  if ((handle as { constructor?: { name?: string } }).constructor?.name === "Pipe") return false;
  const { hasRef } = handle as { hasRef?: () => boolean };
  return typeof hasRef !== "function" || hasRef.call(handle);
}

function describe(handle: unknown): string {
  if (handle instanceof ChildProcess) return `child process ${handle.pid} (${handle.spawnargs.slice(0, 3).join(" ")})`;
  if (handle instanceof Server) return `server at ${JSON.stringify(handle.address())}`;
  if (handle instanceof Socket) {
    return handle.remoteAddress === undefined
      ? "pipe or closed socket"
      : `socket ${handle.localPort} to ${handle.remoteAddress}:${handle.remotePort}`;
  }
  return (handle as { constructor?: { name?: string } }).constructor?.name ?? "handle";
}
