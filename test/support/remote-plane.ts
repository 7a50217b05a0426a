import { type ControlPlane, startControlPlane } from "../../tools/control-plane.js";
import { ApiProxy } from "./api-proxy.js";
import { TestKube } from "./kube.js";
import type { LiveApp, World } from "./world.js";

/** Users of the remote cluster, besides its admin. They may do what `grant` gives them. */
const USERS = ["shop", "shop-next", "weak"] as const;
/** One of them. */
export type RemoteUser = (typeof USERS)[number];

/** What a kubeconfig in a test says. */
export interface KubeconfigParts {
  readonly server?: string;
  readonly token?: string;
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
}

/** A second cluster: an API server alone, straight and behind a proxy that makes faults. */
export class RemotePlane {
  readonly plane: ControlPlane;
  readonly kube: TestKube;
  readonly proxy: ApiProxy;
  readonly #world: World;

  private constructor(plane: ControlPlane, kube: TestKube, proxy: ApiProxy, world: World) {
    this.plane = plane;
    this.kube = kube;
    this.proxy = proxy;
    this.#world = world;
  }

  /** Starts it, with the world's namespace in it. Its tokens are canaries of the world. */
  static async start(world: World): Promise<RemotePlane> {
    const users = USERS.map((name) => ({ name }));
    const plane = await startControlPlane({ controllerManager: false, users });
    const kube = await TestKube.connect(plane.kubeconfigPath);
    world.canaries.push(...Object.values(plane.tokens), plane.adminToken);
    const remote = new RemotePlane(plane, kube, await ApiProxy.start(plane), world);
    await kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: world.namespace } });
    return remote;
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.kube.client.close();
    await this.plane.stop();
  }

  token(user: RemoteUser): string {
    return this.plane.tokens[user] ?? "";
  }

  get proxyUrl(): string {
    return `http://127.0.0.1:${this.proxy.port}`;
  }

  /** A kubeconfig as text. Unless told, it leads to the API server itself, as its admin. */
  kubeconfig(parts: KubeconfigParts = {}): string {
    const server = parts.server ?? this.plane.url;
    const ca = server.startsWith("https:")
      ? { "certificate-authority-data": Buffer.from(this.plane.caPem).toString("base64") }
      : {};
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "there",
      contexts: [{ name: "there", context: { cluster: "there", user: "me" } }],
      clusters: [{ name: "there", cluster: { server, ...ca, ...parts.cluster } }],
      users: [{ name: "me", user: { token: parts.token ?? this.plane.adminToken, ...parts.user } }],
    });
  }

  /** Puts a kubeconfig into a Secret of the world's namespace. */
  async secret(name: string, kubeconfig: string, key = "value"): Promise<void> {
    const metadata = { name, namespace: this.#world.namespace };
    await this.#world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData: { [key]: kubeconfig } });
  }

  /** Makes an app of the world that goes to where the kubeconfig in a Secret leads. */
  app(name: string, repository: string, secret: string, spec: Record<string, unknown> = {}): Promise<LiveApp> {
    const destination = { kubernetes: { kubeConfigSecretRef: { name: secret } } };
    return this.#world.app(name, repository, ".", { destination, ...spec });
  }

  /** Lets a user see all ConfigMaps, and write those of the world's namespace; `more`: further rules of the cluster. */
  async grant(user: string, verbs: readonly string[], more: readonly object[] = []): Promise<void> {
    const name = `see-${user}`;
    const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }];
    const rules = [
      { apiGroups: [""], resources: ["configmaps"], verbs: ["list", "watch"] },
      { apiGroups: ["apiextensions.k8s.io"], resources: ["customresourcedefinitions"], verbs: ["list", "watch"] },
      { apiGroups: ["admissionregistration.k8s.io"], resources: ["*"], verbs: ["get", "list", "watch"] },
      ...more,
    ];
    const apiVersion = "rbac.authorization.k8s.io/v1";
    const apiGroup = "rbac.authorization.k8s.io";
    const { namespace } = this.#world;
    await this.kube.apply({ apiVersion, kind: "ClusterRole", metadata: { name }, rules });
    const roleRef = { apiGroup, kind: "ClusterRole", name };
    await this.kube.apply({ apiVersion, kind: "ClusterRoleBinding", metadata: { name }, roleRef, subjects });
    await this.writer(user, verbs, subjects, namespace);
  }

  /** A Role of the world's namespace for ConfigMaps, bound to these. */
  async writer(
    name: string,
    verbs: readonly string[],
    subjects: readonly object[],
    namespace = this.#world.namespace,
  ): Promise<void> {
    const apiVersion = "rbac.authorization.k8s.io/v1";
    const metadata = { name: `write-${name.replaceAll(":", "-")}`, namespace };
    const rules = [{ apiGroups: [""], resources: ["configmaps"], verbs }];
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: metadata.name };
    await this.kube.apply({ apiVersion, kind: "Role", metadata, rules });
    await this.kube.apply({ apiVersion, kind: "RoleBinding", metadata, roleRef, subjects });
  }
}
