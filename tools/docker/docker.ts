import { spawnSync } from "node:child_process";
import { copyFile, mkdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { ensureDockerCompose } from "../binaries.js";
import { type GuardedFolder, makeGuardedFolder } from "../process-guard.js";
import { type LoggedProcess, spawnLogged } from "../processes.js";
import { runCommand } from "../run-command.js";
import { FatalWaitError, waitUntil } from "../wait-until.js";

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
  readonly #apart: boolean;
  #daemon: LoggedProcess;

  private constructor(folder: GuardedFolder, daemon: LoggedProcess, env: NodeJS.ProcessEnv, apart: boolean) {
    this.#folder = folder;
    this.#daemon = daemon;
    this.env = env;
    this.#apart = apart;
  }

  /** `apart`: with networks, mounts and processes that the machine does not see, and that end with it even by SIGKILL. */
  static async start({ apart = false }: { readonly apart?: boolean } = {}): Promise<Docker> {
    const folder = await makeGuardedFolder("overseer-docker-");
    const host = `unix://${join(folder.path, "docker.sock")}`;
    // The classic builder is the one that needs nothing else.
    const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: join(folder.path, "config"), DOCKER_BUILDKIT: "0" };
    const docker = new Docker(folder, await startDaemon(folder, apart), env, apart);
    await docker.#answers();
    return docker;
  }

  /** Path of its socket. */
  get socket(): string {
    return join(this.#folder.path, "docker.sock");
  }

  /** Where it stores its data. */
  get dataRoot(): string {
    return join(this.#folder.path, "data");
  }

  /** Makes the plugin `docker compose` available to programs that talk to it. */
  async withCompose(program?: string): Promise<void> {
    const plugins = join(this.#folder.path, "config", "cli-plugins");
    await mkdir(plugins, { recursive: true });
    await symlink(program ?? (await ensureDockerCompose()), join(plugins, "docker-compose"));
  }

  /** Makes an image with a shell and the small programs of busybox, without a registry. `add` adds files to it. */
  async busybox(
    name: string,
    changes: readonly string[] = [],
    add: (root: string) => Promise<void> = async () => {},
  ): Promise<void> {
    const root = join(this.#folder.path, `image-${name.replaceAll(/[^a-z0-9]/g, "-")}`);
    await rm(root, { recursive: true, force: true });
    await mkdir(join(root, "bin"), { recursive: true });
    await mkdir(join(root, "tmp"));
    await copyFile((await findBusybox()) ?? "", join(root, "bin", "busybox"));
    for (const program of ["sh", "sleep", "cat", "echo", "nc", "test", "touch", "rm", "ls", "ln", "env"]) {
      await symlink("busybox", join(root, "bin", program));
    }
    await add(root);
    const tar = `${root}.tar`;
    await runCommand("tar", ["-C", root, "-cf", tar, "."]);
    const options = ["ENV PATH=/bin", ...changes].flatMap((change) => ["--change", change]);
    await this.run("import", ...options, tar, name);
  }

  /** Kills it by SIGKILL, and does not start it again. */
  async kill(): Promise<void> {
    await this.#daemon.stop(0);
  }

  /** Ends it in an orderly manner, as `systemctl stop docker` does: it stops all containers. */
  async shutDown(): Promise<void> {
    // Namespaces of its own have no process that passes a signal on.
    await this.#daemon.stop(this.#apart ? 0 : 30_000);
  }

  /** Starts it again with the same data, after `kill` or `shutDown`. */
  async restart(): Promise<void> {
    // Its containerd may take longer than dockerd waits, while it finds the containers again; an init system would start it again, too.
    for (let attempt = 1; ; attempt++) {
      await rm(join(this.#folder.path, "pid"), { force: true });
      this.#daemon = await startDaemon(this.#folder, this.#apart);
      try {
        await this.#answers();
        return;
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  async #answers(): Promise<void> {
    await waitUntil({ what: "dockerd answers", timeoutMs: 60_000 }, async () => {
      const daemon = this.#daemon;
      if (daemon.ended() !== undefined)
        throw new FatalWaitError(`dockerd ended with ${daemon.ended()}:\n${daemon.tail()}`);
      return (await this.run("version")) !== "";
    });
  }

  /** Runs a command of the client, and gives what it says on stdout. */
  run(...args: string[]): Promise<string> {
    return runCommand("docker", args, { env: this.env });
  }

  /** Ends it with all its containers, and removes all its files. */
  async stop(): Promise<void> {
    if (this.#daemon.ended() !== undefined) await this.restart();
    const running = (await this.run("ps", "--quiet")).split("\n").filter((id) => id !== "");
    if (running.length > 0) await this.run("kill", ...running);
    const all = (await this.run("ps", "--all", "--quiet")).split("\n").filter((id) => id !== "");
    if (all.length > 0) await this.run("rm", "--force", ...all);
    // Bridges belong to the machine, and would stay.
    await this.run("network", "prune", "--force");
    await this.#daemon.stop(30_000);
    for (const path of await mountsBelow(this.#folder.path)) await runCommand("umount", [path]);
    await this.#folder.remove();
  }
}

/** Whether this machine also has what Docker's tests of Compose need: a static busybox. */
export function hasDockerAndBusybox(): boolean {
  return hasDocker() && spawnSync("busybox", ["true"]).status === 0;
}

async function findBusybox(): Promise<string | undefined> {
  return (await runCommand("sh", ["-c", "command -v busybox"])).trim();
}

/** Runs a program in namespaces of its own, whose processes all end when it does. */
const APART = [
  ...["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"],
  ...["sh", "-c", 'busybox ip link set lo up && exec "$@"', "sh"],
];

function startDaemon(folder: GuardedFolder, apart: boolean): Promise<LoggedProcess> {
  const at = (name: string): string => join(folder.path, name);
  // Enough small networks, also when a killed test run has left some; those of each worker of the test run are its own.
  const worker = Number(process.env.OVERSEER_TEST_WORKER ?? 0);
  const pool = `--default-address-pool=base=10.201.${(worker % 4) * 64}.0/18,size=28`;
  const noNetwork = [pool, "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false"];
  const socket = ["--host", `unix://${at("docker.sock")}`];
  const places = ["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid"), ...socket];
  // Its containerd leaves files there when it is slow to start.
  const env = { ...process.env, TMPDIR: folder.path };
  const options = { logFile: at("dockerd.log"), guard: folder.guard, env };
  const [program = "", ...args] = [...(apart ? APART : []), "dockerd", ...places, ...noNetwork];
  return spawnLogged("dockerd", program, args, options);
}

/** What is mounted below a folder: dockerd leaves the network namespace of the machine there. */
async function mountsBelow(folder: string): Promise<string[]> {
  const lines = (await readFile("/proc/self/mounts", "utf8")).split("\n");
  return lines.map((line) => line.split(" ")[1] ?? "").filter((path) => path.startsWith(`${folder}/`));
}
