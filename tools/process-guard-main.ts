import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { GuardMessage } from "./process-guard.js";
import { isRunning, type ProcessIdentity, signal } from "./process-identity.js";

/** Program of `startProcessGuard`: reads messages until the pipe closes, then kills the processes that are still guarded. */
async function main(folder: string | undefined): Promise<void> {
  const guarded = new Map<number, ProcessIdentity>();
  for await (const line of createInterface({ input: process.stdin })) {
    const message = JSON.parse(line) as GuardMessage;
    if ("release" in message) return;
    if ("add" in message) guarded.set(message.add.pid, message.add);
    else guarded.delete(message.remove.pid);
  }
  for (const identity of guarded.values()) signal(identity, "SIGKILL");
  while ([...guarded.values()].some(isRunning)) await new Promise((resolve) => setTimeout(resolve, 20));
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

await main(process.argv[2]);
