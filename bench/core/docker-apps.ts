import { spawnSync } from "node:child_process";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DockerBench, FOREVER, shell } from "../../test/support/docker-bench.js";
import { runCommand } from "../../tools/run-command.js";
import { makeTemporaryFolder } from "../../tools/temporary-folder.js";
import { waitUntil } from "../../tools/wait-until.js";
import { cpuSeconds, memoryMb } from "../process-usage.js";

/** Length of the idle measurement, in milliseconds. */
const IDLE_MS = 30_000;
const REQUEST = /(?:^|\n)(?:GET|HEAD|POST|PUT|DELETE) \S+ HTTP\/1\.[01]\r\n/g;

/** Counts requests to a Docker engine, which pass through a socket of its own. */
class CountedSocket {
  requests = 0;
  readonly #server: Server;

  constructor(path: string, target: () => string) {
    this.#server = createServer((client) => {
      const engine = connect(target());
      client.on("data", (chunk) => {
        this.requests += chunk.toString("latin1").match(REQUEST)?.length ?? 0;
      });
      client.on("error", () => engine.destroy());
      engine.on("error", () => client.destroy());
      client.pipe(engine).pipe(client);
    }).listen(path);
  }

  close(): void {
    this.#server.close();
  }
}

/** Measures apps of one service on one node with real containers, beside bare `docker compose up`. */
async function main(count: number): Promise<void> {
  const folder = await makeTemporaryFolder("overseer-docker-bench-");
  const calls = join(folder.path, "calls");
  const real = spawnSync("sh", ["-c", "command -v docker"]).stdout.toString().trim();
  await writeFile(calls, "");
  await writeFile(join(folder.path, "docker"), `#!/bin/sh\necho x >>${calls}\nexec ${real} "$@"\n`);
  await chmod(join(folder.path, "docker"), 0o755);
  const path = join(folder.path, "engine.sock");
  let bench: DockerBench | undefined;
  let target = "";
  const socket = new CountedSocket(path, () => target);
  const children = async (): Promise<number> => (await readFile(calls, "utf8")).length / 2;
  let env: NodeJS.ProcessEnv = {};
  try {
    bench = await DockerBench.start([], (base) => {
      target = (base.DOCKER_HOST ?? "").replace("unix://", "");
      env = { ...base, DOCKER_HOST: `unix://${path}`, PATH: `${folder.path}:${base.PATH}` };
      return env;
    });
    const { agent } = bench;
    const measured = async (what: string, work: () => Promise<unknown>): Promise<void> => {
      const before = { children: await children(), requests: socket.requests, cpu: cpuSeconds(agent.pid) };
      const began = performance.now();
      await work();
      const figures = {
        seconds: ((performance.now() - began) / 1000).toFixed(1),
        childProcesses: (await children()) - before.children,
        engineRequests: socket.requests - before.requests,
        agentCpuSeconds: (cpuSeconds(agent.pid) - before.cpu).toFixed(2),
      };
      process.stdout.write(`${what.padEnd(34)} ${JSON.stringify(figures)}\n`);
    };
    const service = { web: shell(FOREVER, { restart: "no" }) };
    const names = Array.from({ length: count }, (_, index) => `app-${index}`);
    const used = bench;
    await measured(`${count} apps, cold`, async () => {
      const jobs: string[] = [];
      for (const name of names) jobs.push(await used.deploy(name, service));
      for (const job of jobs) await ended(used, job);
    });
    await measured("one change", async () => {
      await ended(used, await used.deploy("app-0", { web: shell(`echo 2; ${FOREVER}`, { restart: "no" }) }));
    });
    await measured("one deployment without a change", async () => {
      await ended(used, await used.deploy("app-1", service));
    });
    await measured(`idle, ${IDLE_MS / 1000} s`, () => sleep(IDLE_MS));
    process.stdout.write(`memory of the agent: ${Math.round(memoryMb(agent.pid, "now"))} MiB\n`);
    const jobs = async () => (await used.call<{ jobs: unknown[] }>("GET", "/api/jobs")).jobs.length;
    const before = await jobs();
    await used.docker.shutDown();
    await used.docker.restart();
    await measured(`${count} apps, after a restart of Docker`, () =>
      waitUntil({ what: "all containers run", timeoutMs: 900_000 }, async () => {
        return (await used.docker.run("ps", "--quiet")).trim().split("\n").length === count;
      }),
    );
    process.stdout.write(`jobs for that: ${(await jobs()) - before}\n`);
    await measured(`${count} projects, bare docker compose up`, async () => {
      for (const name of names) {
        const args = ["compose", "--project-name", `bare-${name}`, "--file", "-", "up", "--detach", "--no-build"];
        // Requests pass through this process, so it must not block.
        await runCommand(join(folder.path, "docker"), args, { env, input: JSON.stringify({ services: service }) });
      }
    });
  } finally {
    await bench?.stop();
    socket.close();
    await folder.remove();
  }
}

/** Waits for the end of a job, which may have to wait for many others. */
async function ended(bench: DockerBench, id: string): Promise<void> {
  await waitUntil({ what: `job ${id} has ended`, timeoutMs: 900_000 }, async () => {
    const { status, error } = await bench.job(id);
    if (status === "failed") throw new Error(String(error));
    return status === "completed";
  });
}

await main(Number(process.argv[2] ?? 50));
process.exit(0);
