import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type GuardedFolder, makeGuardedFolder } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { runCommand } from "../../tools/run-command.js";
import { FatalWaitError, waitUntil } from "../../tools/wait-until.js";

/** Whether this machine can run a Docker engine for a test: the programs are there, and we are root. */
export function hasDocker(): boolean {
  const programs = ["dockerd", "docker"].every((program) => spawnSync(program, ["--version"]).status === 0);
  return programs && process.getuid?.() === 0;
}

/** A Docker engine of its own, with data and socket in a temporary folder, and no network but the machine's. */
export class Docker {
  /** For programs that talk to it. */
  readonly env: NodeJS.ProcessEnv;
  readonly #folder: GuardedFolder;
  readonly #daemon: LoggedProcess;

  private constructor(folder: GuardedFolder, daemon: LoggedProcess, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#daemon = daemon;
    this.env = env;
  }

  static async start(): Promise<Docker> {
    const folder = await makeGuardedFolder("overseer-docker-");
    const at = (name: string): string => join(folder.path, name);
    const host = `unix://${at("docker.sock")}`;
    const noNetwork = ["--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"];
    const places = ["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid"), "--host", host];
    const options = { logFile: at("dockerd.log"), guard: folder.guard };
    const daemon = await spawnLogged("dockerd", "dockerd", [...places, ...noNetwork], options);
    // The classic builder is the one that needs nothing else.
    const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: at("config"), DOCKER_BUILDKIT: "0" };
    const docker = new Docker(folder, daemon, env);
    await waitUntil({ what: "dockerd answers", timeoutMs: 60_000 }, async () => {
      if (daemon.ended() !== undefined)
        throw new FatalWaitError(`dockerd ended with ${daemon.ended()}:\n${daemon.tail()}`);
      return (await docker.run("version")) !== "";
    });
    return docker;
  }

  /** Runs a command of the client, and gives what it says on stdout. */
  run(...args: string[]): Promise<string> {
    return runCommand("docker", args, { env: this.env });
  }

  /** Ends it with all its containers, and removes all its files. */
  async stop(): Promise<void> {
    const running = (await this.run("ps", "--quiet")).split("\n").filter((id) => id !== "");
    if (running.length > 0) await this.run("kill", ...running);
    await this.#daemon.stop(30_000);
    for (const path of await mountsBelow(this.#folder.path)) await runCommand("umount", [path]);
    await this.#folder.remove();
  }
}

/** What is mounted below a folder: dockerd leaves the network namespace of the machine there. */
async function mountsBelow(folder: string): Promise<string[]> {
  const lines = (await readFile("/proc/self/mounts", "utf8")).split("\n");
  return lines.map((line) => line.split(" ")[1] ?? "").filter((path) => path.startsWith(`${folder}/`));
}
