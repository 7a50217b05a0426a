import { messageOf, OverseerError } from "../base/errors.js";

/** A running service. */
export interface Service {
  stop(): Promise<void>;
}

/**
 * Runs a program: starts it, waits for SIGTERM or SIGINT, and stops it. `start` returns undefined if there is nothing to
 * wait for. Errors go to standard error with exit code 1, or 2 for an invalid command line.
 */
export function runProgram(name: string, start: () => Promise<Service | undefined>): void {
  process.umask(0o077);
  run(start).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${name}: ${messageOf(error)}\n`);
      if (!(error instanceof OverseerError) && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
      process.exit(error instanceof OverseerError && error.code === "CORE_FLAG_INVALID" ? 2 : 1);
    },
  );
}

async function run(start: () => Promise<Service | undefined>): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
  const service = await start();
  if (service === undefined) return;
  const keepAlive = setInterval(() => {}, 2 ** 30);
  await stopped;
  clearInterval(keepAlive);
  await service.stop();
}
