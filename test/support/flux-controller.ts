import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import { ensureFlux } from "../../tools/binaries.js";
import { reservePort } from "../../tools/ports.js";
import { type GuardedFolder, makeGuardedFolder } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { runCommand } from "../../tools/run-command.js";
import { FatalWaitError, waitUntil } from "../../tools/wait-until.js";
import type { World } from "./world.js";

const SOURCE = "source.toolkit.fluxcd.io/v1";

/** A controller of Flux. */
export type FluxProgram = Parameters<typeof ensureFlux>[0];

/**
 * A real controller of Flux, of Kustomizations or HelmReleases, for the namespace of a world. Artifacts of its sources come from this class,
 * which stands in for the source controller.
 */
export class FluxController {
  readonly #world: World;
  readonly #folder: GuardedFolder;
  readonly #process: LoggedProcess;
  readonly #server: Server;
  readonly #artifacts = new Map<string, Buffer>();

  private constructor(world: World, folder: GuardedFolder, process: LoggedProcess, server: Server) {
    this.#world = world;
    this.#folder = folder;
    this.#process = process;
    this.#server = server;
    server.on("request", ({ url }, response) => {
      const artifact = this.#artifacts.get(url ?? "");
      response.writeHead(artifact ? 200 : 404).end(artifact);
    });
  }

  /** Starts it, and waits until it is ready. Its definitions must be installed. */
  static async start(world: World, name: FluxProgram = "kustomize-controller"): Promise<FluxController> {
    const program = await ensureFlux(name);
    const folder = await makeGuardedFolder("overseer-flux-");
    const health = await reservePort();
    const args = ["--watch-all-namespaces=false", "--metrics-addr=0", `--health-addr=127.0.0.1:${health.port}`];
    const env = {
      ...process.env,
      ...{ KUBECONFIG: world.controlPlane.kubeconfigPath, RUNTIME_NAMESPACE: world.namespace, TMPDIR: folder.path },
    };
    const options = { env, logFile: join(folder.path, "flux.log"), guard: folder.guard };
    const child = await spawnLogged(name, program, args, options);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const controller = new FluxController(world, folder, child, server);
    await waitUntil({ what: "the Flux controller is ready", timeoutMs: 60_000 }, async () => {
      if (child.ended() !== undefined) throw new FatalWaitError(child.tail());
      return (await fetch(`http://127.0.0.1:${health.port}/readyz`).catch(() => undefined))?.status === 200;
    });
    return controller;
  }

  /** Publishes files as the artifact of a GitRepository of Flux at a commit, as the source controller does. */
  async publish(name: string, commit: string, files: Readonly<Record<string, string>>): Promise<void> {
    await this.#publish("GitRepository", name, `main@sha1:${commit}`, files);
  }

  /** Publishes files, in a folder of the name of the chart, as the artifact of a HelmChart of Flux. */
  async publishChart(name: string, version: string, files: Readonly<Record<string, string>>): Promise<void> {
    await this.#publish("HelmChart", name, version, files);
  }

  async #publish(
    kind: "GitRepository" | "HelmChart",
    name: string,
    revision: string,
    files: Readonly<Record<string, string>>,
  ): Promise<void> {
    const folder = join(this.#folder.path, `${kind}-${name}-${revision.replace(/\W/g, "-")}`);
    const archive = `${folder}.tar.gz`;
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    await runCommand("tar", ["-czf", archive, "-C", folder, kind === "HelmChart" ? name : "."]);
    const content = await readFile(archive);
    const path = `/${basename(archive)}`;
    this.#artifacts.set(path, content);
    const { port } = this.#server.address() as AddressInfo;
    const now = new Date().toISOString().replace(/\.\d+/, "");
    const artifact = {
      ...{ path, revision, url: `http://127.0.0.1:${port}${path}`, lastUpdateTime: now, size: content.length },
      digest: `sha256:${createHash("sha256").update(content).digest("hex")}`,
    };
    const ready = { type: "Ready", status: "True", reason: "Succeeded", message: revision, lastTransitionTime: now };
    const ref = { apiVersion: SOURCE, kind, namespace: this.#world.namespace, name };
    const observedGeneration = (await this.#world.kube.get(ref))?.metadata.generation;
    const status = { artifact, observedGeneration, conditions: [{ ...ready, observedGeneration }] };
    await this.#world.kube.patch(ref, { status }, { subresource: "status" });
  }

  /** Returns the last lines of its log. */
  tail(lines?: number): string {
    return this.#process.tail(lines);
  }

  /** Stops it; safe to call twice. */
  async stop(): Promise<void> {
    await this.#process.stop(10_000);
    this.#server.close();
    await this.#folder.remove();
  }
}
