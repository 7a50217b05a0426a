import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ProcessIdentity } from "./process-identity.js";

/** Messages to the guard, one JSON text per line. */
export type GuardMessage =
  | { readonly add: ProcessIdentity }
  | { readonly remove: ProcessIdentity }
  | { readonly release: true };

/** Kills processes when the process that started them exits, even by SIGKILL. */
export interface ProcessGuard {
  /** Starts guarding a process. */
  add(identity: ProcessIdentity): void;
  /** Stops guarding a process. */
  remove(identity: ProcessIdentity): void;
  /** Stops the guard; all processes and the directory may outlive this process. */
  release(): void;
}

/**
 * Starts a small process connected by a pipe. When the pipe closes without `release`, because this process has exited, it
 * kills the guarded processes and removes `folder`.
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

/** A directory that is removed by `remove`, or when the process that created it exits. */
export interface GuardedFolder {
  readonly path: string;
  /** Guard of the processes that use the directory. */
  readonly guard: ProcessGuard;
  /** Removes the directory and stops the guard. */
  remove(): Promise<void>;
}

/** Creates an empty private directory with a recognizable `prefix`. It is guarded before it is created. */
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
