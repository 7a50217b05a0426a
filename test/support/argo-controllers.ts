import { symlink } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { reservePorts } from "../../tools/ports.js";
import { type GuardedFolder, makeGuardedFolder } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { FatalWaitError, waitUntil } from "../../tools/wait-until.js";
import type { World } from "./world.js";

const PART_OF = { "app.kubernetes.io/part-of": "argocd" };

/** The real application controller of Argo CD with its repository server and store, for the namespace of a world, which is also their own. */
export class ArgoControllers {
  readonly #folder: GuardedFolder;
  readonly #processes: LoggedProcess[] = [];
  readonly #release: () => Promise<void>;

  private constructor(folder: GuardedFolder, release: () => Promise<void>) {
    this.#folder = folder;
    this.#release = release;
  }

  /** Starts them, and waits until they are ready. Their definitions must be installed. */
  static async start(world: World, program: string): Promise<ArgoControllers> {
    await makeSettings(world);
    const { ports, release } = await reservePorts(5);
    const [store = 0, repository = 0, repositoryMetrics = 0, metrics = 0] = ports;
    const argo = new ArgoControllers(await makeGuardedFolder("overseer-argo-"), release);
    const redis = ["--redis", `127.0.0.1:${store}`];
    await argo.#spawn(world, program, "store", [`127.0.0.1:${store}`], store);
    const address = [
      "--address",
      "127.0.0.1",
      "--port",
      String(repository),
      "--metrics-port",
      String(repositoryMetrics),
    ];
    const local = ["--metrics-address", "127.0.0.1", "--disable-tls"];
    await argo.#spawn(world, program, "argocd-repo-server", [...redis, ...address, ...local], repository);
    const server = ["--repo-server", `127.0.0.1:${repository}`, "--repo-server-plaintext"];
    const own = ["--namespace", world.namespace, "--metrics-port", String(metrics), "--app-resync", "0"];
    await argo.#spawn(world, program, "argocd-application-controller", [...redis, ...server, ...own], metrics);
    return argo;
  }

  async #spawn(world: World, program: string, part: string, args: readonly string[], port: number): Promise<void> {
    const { path, guard } = this.#folder;
    const env = {
      ...process.env,
      ...{ KUBECONFIG: world.controlPlane.kubeconfigPath, TMPDIR: path, HOME: path },
      // The cluster that Argo CD believes to run in is that of the kubeconfig.
      ...{ ARGOCD_FAKE_IN_CLUSTER: "true", ARGOCD_GPG_ENABLED: "false", ARGOCD_APPLICATION_CONTROLLER_NAME: "argo" },
    };
    const options = { env, cwd: path, guard, logFile: join(path, `${part}.log`) };
    // A field manager of the controller is the name of its program.
    const named = join(path, part);
    await symlink(program, named);
    const child = await spawnLogged(part, named, [part, ...args], options);
    this.#processes.push(child);
    await waitUntil({ what: `${part} of Argo CD is ready`, timeoutMs: 60_000 }, async () => {
      if (child.ended() !== undefined) throw new FatalWaitError(child.tail());
      return isOpen(port);
    });
  }

  /** Returns the last lines of the log of the controller and of the repository server. */
  tail(lines?: number): string {
    return this.#processes.map((one) => `${one.name}\n${one.tail(lines)}`).join("\n");
  }

  /** Stops them; safe to call twice. */
  async stop(): Promise<void> {
    for (const one of [...this.#processes].reverse()) await one.stop(10_000);
    await this.#release();
    await this.#folder.remove();
  }
}

/** What Argo CD reads about itself; it watches nothing but the namespace of the world. */
async function makeSettings({ kube, namespace }: World): Promise<void> {
  const made = (kind: string, name: string, labels: object, more: object): Promise<unknown> =>
    kube.create({ apiVersion: "v1", kind, metadata: { name, namespace, labels }, ...more });
  await made("ConfigMap", "argocd-cm", PART_OF, {});
  await made("Secret", "argocd-secret", PART_OF, { stringData: { "server.secretkey": "c2VjcmV0" } });
  await made(
    "Secret",
    "in-cluster",
    { "argocd.argoproj.io/secret-type": "cluster" },
    {
      stringData: { name: "in-cluster", server: "https://kubernetes.default.svc", namespaces: namespace, config: "{}" },
    },
  );
  await kube.create({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: "default", namespace },
    spec: { sourceRepos: ["*"], destinations: [{ server: "*", namespace: "*" }] },
  });
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
