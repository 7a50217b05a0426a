import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProcessIdentity } from "./process-identity.js";

/** What the guarded process tells its guard, one JSON text a line. */
export type GuardMessage =
  | { readonly add: ProcessIdentity }
  | { readonly remove: ProcessIdentity }
  | { readonly release: true };

/** Ends processes when the one that started them dies, even by SIGKILL. */
export interface ProcessGuard {
  /** From now on this process ends with us. */
  add(identity: ProcessIdentity): void;
  /** This process has ended, or is somebody else's now. */
  remove(identity: ProcessIdentity): void;
  /** Everything guarded may outlive us, and so may the folder. The guard ends. */
  release(): void;
}

/**
 * Starts a small process that holds one end of a pipe to this one. When the pipe closes without `release`, because
 * this process has died in whatever way, it ends the guarded processes by SIGKILL and removes `folder`.
 */
export function startProcessGuard(folder: string | undefined): ProcessGuard {
  const main = fileURLToPath(new URL("./process-guard-main.js", import.meta.url));
  const child = spawn(process.execPath, ["--max-semi-space-size=1", main, ...(folder === undefined ? [] : [folder])], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    env: {},
  });
  child.unref();
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  if ("unref" in child.stdin && typeof child.stdin.unref === "function") child.stdin.unref();
  const send = (message: GuardMessage) => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
  };
  return {
    add: (add) => send({ add }),
    remove: (remove) => send({ remove }),
    release: () => {
      send({ release: true });
      child.stdin.end();
    },
  };
}

/** A folder that goes with `remove`, and with the process that made it, however that ends. */
export interface GuardedFolder {
  readonly path: string;
  /** Guards processes, too: those that work in the folder. */
  readonly guard: ProcessGuard;
  /** Removes it, and ends the guard. */
  remove(): Promise<void>;
}

/** Makes an empty folder that only this user can read; `prefix` tells people whose it is. It is guarded before it is there. */
export async function makeGuardedFolder(prefix: string): Promise<GuardedFolder> {
  const path = join(tmpdir(), `${prefix}${randomBytes(6).toString("hex")}`);
  const guard = startProcessGuard(path);
  await mkdir(path, { mode: 0o700 });
  return {
    path,
    guard,
    remove: async () => {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      guard.release();
    },
  };
}
