import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { tryKernelLock } from "./kernel-lock.js";

/** A port of 127.0.0.1 that no other user of these tools will take while it is reserved. */
export interface ReservedPort {
  readonly port: number;
  release(): Promise<void>;
}

/** Below the range from which the kernel takes the local ports of outgoing connections (32768 unless configured). */
const FIRST_PORT = 15_000;
const LAST_PORT = 29_999;

/**
 * Reserves a free port. It is free for the program that is started next, and stays ours while that program restarts:
 * the kernel never gives a port of this range to an outgoing connection, and the lock keeps other control planes away.
 * Throws when 200 random ports are all taken.
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
