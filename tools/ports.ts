import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { tryKernelLock } from "./kernel-lock.js";

/** A port of 127.0.0.1 reserved among all users of these tools. */
export interface ReservedPort {
  readonly port: number;
  release(): Promise<void>;
}

/** Below the default ephemeral port range of the kernel (from 32768). */
const FIRST_PORT = 15_000;
const LAST_PORT = 29_999;

/**
 * Reserves a free port for a program, also across its restarts: the kernel does not use this range for outgoing
 * connections, and a lock excludes other control planes. Throws if 200 random ports are all in use.
 */
export async function reservePort(): Promise<ReservedPort> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    const lock = await tryKernelLock(`port ${port}`);
    if (lock === undefined) continue;
    if (await isFree(port)) return { port, release: () => lock.release() };
    await lock.release();
  }
  throw new Error(`no free port between ${FIRST_PORT} and ${LAST_PORT} on 127.0.0.1`);
}

/** Several reserved ports, released together. */
export async function reservePorts(
  count: number,
): Promise<{ readonly ports: readonly number[]; release(): Promise<void> }> {
  const reserved: ReservedPort[] = [];
  while (reserved.length < count) reserved.push(await reservePort());
  return {
    ports: reserved.map((one) => one.port),
    release: async () => {
      await Promise.all(reserved.map((one) => one.release()));
    },
  };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
