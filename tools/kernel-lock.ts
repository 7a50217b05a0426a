import { createHash } from "node:crypto";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A lock that is held until it is released or its process exits. */
export interface KernelLock {
  release(): Promise<void>;
}

/**
 * Tries to take the lock called `name`; undefined when another process (or another holder in this one) has it.
 *
 * The lock is an abstract Unix socket: the kernel gives the name to one process only and takes it back the moment that
 * process is gone, so that a killed holder leaves nothing behind that must be recognised as stale. It holds within one
 * network namespace and never keeps the process alive. Throws on other socket errors. Linux only.
 */
export async function tryKernelLock(name: string): Promise<KernelLock | undefined> {
  const waiters = new Set<Socket>();
  const server = createServer((socket) => {
    waiters.add(socket);
    socket.unref();
    socket.on("close", () => waiters.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.write(`${process.pid}\n`);
  });
  if (!(await listen(server, socketName(name)))) return undefined;
  server.unref();
  return { release: () => close(server, waiters) };
}

/**
 * Takes the lock called `name`, waiting for whoever has it. `onWait` is told the process id of the holder, once for each
 * holder that is waited for.
 */
export async function acquireKernelLock(name: string, onWait?: (holderPid: string) => void): Promise<KernelLock> {
  for (;;) {
    const lock = await tryKernelLock(name);
    if (lock !== undefined) return lock;
    await waitForHolder(socketName(name), onWait);
  }
}

/** Runs `work` while holding the lock called `name`. */
export async function withKernelLock<T>(
  name: string,
  work: () => Promise<T>,
  onWait?: (holderPid: string) => void,
): Promise<T> {
  const lock = await acquireKernelLock(name, onWait);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Returns a name with a hash and the user id, since abstract names are limited to 107 bytes and shared by all users. */
function socketName(name: string): string {
  const hash = createHash("sha256")
    .update(`${process.getuid?.() ?? 0}\0${name}`)
    .digest("hex")
    .slice(0, 40);
  return `\0overseer-gitops-${hash}`;
}

function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    server.listen(path, () => resolve(true));
  });
}

function close(server: Server, waiters: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of waiters) socket.destroy();
  });
}

/** Resolves when the connection to the holder closes, so that the lock may be free. */
function waitForHolder(path: string, onWait: ((holderPid: string) => void) | undefined): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let greeting = "";
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      if (greeting.includes("\n")) return;
      greeting += text;
      if (greeting.includes("\n")) onWait?.(greeting.trim());
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve());
  });
}
