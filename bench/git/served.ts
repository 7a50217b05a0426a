import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** URLs of the repositories of the Git server. */
export interface ServedRepositories {
  readonly small: readonly string[];
  /** 50,000 files. */
  readonly manyFiles: string;
  /** The same files, and one that makes it exceed the limit of the benchmark. */
  readonly large: string;
}

/** Starts the Git server and waits until its repositories exist. */
export async function startServer(count: number): Promise<{ urls: ServedRepositories; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [new URL("server.js", import.meta.url).pathname, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  const stop = async (): Promise<void> => {
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
  };
  return { urls: JSON.parse(line) as ServedRepositories, stop };
}
