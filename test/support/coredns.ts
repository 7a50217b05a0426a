import { Resolver } from "node:dns/promises";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureCoreDns } from "../../tools/binaries.js";
import { reservePort } from "../../tools/ports.js";
import { type GuardedFolder, makeGuardedFolder } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { FatalWaitError, waitUntil } from "../../tools/wait-until.js";

/** A real CoreDNS, which reads Services and EndpointSlices of the API server as that of a cluster does. */
export class CoreDns {
  readonly #folder: GuardedFolder;
  readonly #process: LoggedProcess;
  readonly #resolver = new Resolver({ timeout: 5_000, tries: 2 });

  private constructor(folder: GuardedFolder, process: LoggedProcess, port: number) {
    this.#folder = folder;
    this.#process = process;
    this.#resolver.setServers([`127.0.0.1:${port}`]);
  }

  /** Starts it, and waits until it has read all objects. */
  static async start(kubeconfig: string): Promise<CoreDns> {
    const program = await ensureCoreDns();
    const folder = await makeGuardedFolder("overseer-coredns-");
    const [dns, ready] = [await reservePort(), await reservePort()];
    const file = join(folder.path, "Corefile");
    const plugins = [
      "bind 127.0.0.1",
      "errors",
      `ready 127.0.0.1:${ready.port}`,
      `kubernetes cluster.local {\n    kubeconfig ${kubeconfig}\n  }`,
    ];
    await writeFile(file, `.:${dns.port} {\n  ${plugins.join("\n  ")}\n}\n`);
    const options = { logFile: join(folder.path, "coredns.log"), guard: folder.guard };
    const process = await spawnLogged("CoreDNS", program, ["-conf", file], options);
    const server = new CoreDns(folder, process, dns.port);
    await waitUntil({ what: "CoreDNS is ready", timeoutMs: 60_000 }, async () => {
      if (process.ended() !== undefined) throw new FatalWaitError(process.tail());
      return (await fetch(`http://127.0.0.1:${ready.port}/ready`).catch(() => undefined))?.status === 200;
    });
    return server;
  }

  /** Addresses of a name as a pod of this namespace resolves it: in its own namespace first. Empty if there is no such name. */
  async resolve(name: string, namespace: string): Promise<string[]> {
    for (const suffix of [`${namespace}.svc.cluster.local`, "svc.cluster.local", "cluster.local"]) {
      const found = await this.#resolver.resolve4(`${name}.${suffix}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOTFOUND" || error.code === "ENODATA") return [];
        throw error;
      });
      if (found.length > 0) return found.sort();
    }
    return [];
  }

  async stop(): Promise<void> {
    await this.#process.stop(10_000);
    await this.#folder.remove();
  }
}
