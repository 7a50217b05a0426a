import { randomBytes } from "node:crypto";
import type { Change } from "../../src/api/change.js";
import type { Condition } from "../../src/api/conditions.js";
import type { GitRepository } from "../../src/api/git-repository.js";
import { ANNOTATION_RECONCILE_AT, API_VERSION } from "../../src/api/group.js";
import type { OverseerApp } from "../../src/api/overseer-app.js";
import type { RawObject } from "../../src/kube/object.js";
import type { ControlPlane } from "../../tools/control-plane.js";
import { waitUntil } from "../../tools/wait-until.js";
import { type ContractObject, expectNoCanary, expectStatusContract } from "./contracts.js";
import { sharedControlPlane } from "./control-plane.js";
import { ensureDefinitions } from "./definitions.js";
import { type GitRepo, type GitServer, startGitServer } from "./git-server.js";
import { TestKube, type TestRef } from "./kube.js";
import { type OperatorOptions, OperatorProcess } from "./operator-process.js";
import { TextRecorder } from "./text-recorder.js";

/** An app as the API server shows it. */
export type LiveApp = OverseerApp & RawObject;
/** A repository as the API server shows it. */
export type LiveRepository = GitRepository & RawObject;

/** Settings of a world. */
export interface WorldOptions {
  readonly operator?: Partial<OperatorOptions>;
  /** Start no operator: the test does it. */
  readonly withoutOperator?: boolean;
  /** Unless told, the one that all tests share. */
  readonly controlPlane?: ControlPlane;
  readonly gitAuth?: { readonly username: string; readonly password: string };
}

/** Everything that a behaviour test needs, all of it real: API server, Git server, operator, and a namespace of its own. */
export class World {
  readonly controlPlane: ControlPlane;
  readonly kube: TestKube;
  readonly git: GitServer;
  readonly namespace: string;
  /** Secret values that a test has used: they must turn up nowhere. */
  readonly canaries: string[] = [];
  readonly #texts: TextRecorder;
  #operator: OperatorProcess | undefined;

  private constructor(controlPlane: ControlPlane, kube: TestKube, git: GitServer, namespace: string) {
    this.controlPlane = controlPlane;
    this.kube = kube;
    this.git = git;
    this.namespace = namespace;
    this.#texts = new TextRecorder(kube, namespace);
  }

  static async create(name: string, options: WorldOptions = {}): Promise<World> {
    const controlPlane = options.controlPlane ?? (await sharedControlPlane());
    const kube = await TestKube.connect(controlPlane.kubeconfigPath);
    await ensureDefinitions(controlPlane, kube);
    const namespace = `${name}-${randomBytes(3).toString("hex")}`;
    await kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } });
    const git = await startGitServer(options.gitAuth ? { auth: options.gitAuth } : {});
    const world = new World(controlPlane, kube, git, namespace);
    if (!options.withoutOperator) await world.startOperator(options.operator);
    return world;
  }

  get operator(): OperatorProcess {
    if (!this.#operator) throw new Error("this world has no operator");
    return this.#operator;
  }

  /** Starts an operator that trusts this world's namespace. */
  async startOperator(options: Partial<OperatorOptions> = {}): Promise<OperatorProcess> {
    this.#operator = await OperatorProcess.start({
      kubeconfigPath: this.controlPlane.kubeconfigPath,
      trustedNamespaces: [this.namespace],
      ...options,
    });
    return this.#operator;
  }

  /** Makes a Git repository with these files and a GitRepository for it. */
  async repository(name: string, files: Record<string, string>, spec: Record<string, unknown> = {}): Promise<GitRepo> {
    const repo = await this.git.createRepository(name);
    if (Object.keys(files).length > 0) await repo.commit(files, "first");
    await this.kube.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name, namespace: this.namespace },
      spec: { url: repo.url, ref: { branch: "main" }, interval: "1h", ...spec },
    });
    return repo;
  }

  /** Makes an app that takes `path` of a repository. */
  async app(name: string, repository: string, path: string, spec: Record<string, unknown> = {}): Promise<LiveApp> {
    return this.kube.apply<LiveApp>({
      apiVersion: API_VERSION,
      kind: "OverseerApp",
      metadata: { name, namespace: this.namespace },
      spec: { source: { repositoryRef: { name: repository }, path }, destination: { kubernetes: {} }, ...spec },
    });
  }

  /** A value that must stay secret. */
  canary(): string {
    const value = `canary-${randomBytes(12).toString("hex")}`;
    this.canaries.push(value);
    return value;
  }

  appRef(name: string): TestRef {
    return { apiVersion: API_VERSION, kind: "OverseerApp", namespace: this.namespace, name };
  }

  repositoryRef(name: string): TestRef {
    return { apiVersion: API_VERSION, kind: "GitRepository", namespace: this.namespace, name };
  }

  object(apiVersion: string, kind: string, name: string): TestRef {
    return { apiVersion, kind, namespace: this.namespace, name };
  }

  configMap(name: string): TestRef {
    return this.object("v1", "ConfigMap", name);
  }

  /** Asks for a poll now, as a webhook or a person would, and waits until it was made. */
  async poll(repository: string): Promise<LiveRepository> {
    const token = randomBytes(6).toString("hex");
    await this.kube.patch(this.repositoryRef(repository), {
      metadata: { annotations: { [ANNOTATION_RECONCILE_AT]: token } },
    });
    return this.kube.until<LiveRepository>(
      this.repositoryRef(repository),
      "polled",
      (object) => object.status?.lastHandledReconcileAt === token,
    );
  }

  /** Asks an app to be reconciled now. */
  async poke(app: string): Promise<LiveApp> {
    const token = randomBytes(6).toString("hex");
    await this.kube.patch(this.appRef(app), { metadata: { annotations: { [ANNOTATION_RECONCILE_AT]: token } } });
    return this.kube.until<LiveApp>(
      this.appRef(app),
      "reconciled",
      (object) => object.status?.lastHandledReconcileAt === token,
    );
  }

  /** Waits until the app is Ready with this commit applied. */
  async synced(name: string, commit?: string, timeoutMs = 60_000): Promise<LiveApp> {
    return this.kube.until<LiveApp>(
      this.appRef(name),
      `Ready${commit ? ` at ${commit.slice(0, 8)}` : ""}`,
      (app) =>
        condition(app, "Ready")?.status === "True" &&
        condition(app, "Synced")?.status === "True" &&
        app.status?.observedGeneration === app.metadata.generation &&
        (commit === undefined || app.status?.applied?.commit === commit),
      timeoutMs,
    );
  }

  /** Waits until a condition of an app has a status and, if given, a reason. */
  async untilCondition(
    name: string,
    type: string,
    status: string,
    reason?: string,
    timeoutMs = 60_000,
  ): Promise<LiveApp> {
    return this.kube.until<LiveApp>(
      this.appRef(name),
      `${type}=${status} ${reason ?? ""}`,
      (app) => {
        const found = condition(app, type);
        return found?.status === status && (reason === undefined || found.reason === reason);
      },
      timeoutMs,
    );
  }

  /** All Changes of an app, oldest first. */
  async changes(app: string): Promise<(Change & RawObject)[]> {
    const all = await this.kube.list<Change & RawObject>(API_VERSION, "Change", this.namespace);
    const number = (change: Change): number => Number(change.metadata.name.slice(app.length + 1));
    return all.filter((change) => change.spec.app.name === app).sort((a, b) => number(a) - number(b));
  }

  /** Events about an object, as `reason: note`. */
  async events(name: string): Promise<string[]> {
    const events = await this.kube.list<RawObject>("events.k8s.io/v1", "Event", this.namespace);
    return events
      .filter((event) => (event.regarding as { name?: string } | undefined)?.name === name)
      .map((event) => `${String(event.reason)}: ${String(event.note)}`);
  }

  /** Waits until the Events about an object contain all of these texts, and gives them: they are written after the status. */
  async told(name: string, ...texts: readonly string[]): Promise<string[]> {
    let events: string[] = [];
    await waitUntil({ what: `Events about ${name} contain ${texts.join(", and ")}`, timeoutMs: 60_000 }, async () => {
      events = await this.events(name);
      return texts.every((text) => events.some((event) => event.includes(text)));
    });
    return events;
  }

  /** Checks what must hold after whatever a test did: the status contract of every resource, and no secret in sight. */
  async expectContracts(): Promise<void> {
    const seen: Record<string, string> = {};
    for (const kind of ["OverseerApp", "OverseerAppSet", "GitRepository", "Change"]) {
      const objects = await this.kube.list<ContractObject>(API_VERSION, kind, this.namespace);
      for (const object of objects) expectStatusContract({ ...object, kind });
      this.#texts.judge(objects.map((object) => ({ ...object, kind })));
      seen[`a ${kind}`] = JSON.stringify(objects);
    }
    seen["an Event"] = JSON.stringify(await this.kube.list("events.k8s.io/v1", "Event", this.namespace));
    seen["the operator's log"] = (await this.#operator?.log()) ?? "";
    if (this.#operator?.running)
      seen["the metrics"] = await (await fetch(`${await this.#operator.address()}/metrics`)).text();
    expectNoCanary(this.canaries, seen);
    this.#texts.expectPlain();
  }

  /** Checks the contracts, then removes what the test made. */
  async remove(): Promise<void> {
    try {
      await this.expectContracts();
    } finally {
      await this.#removeAll();
    }
  }

  async #removeAll(): Promise<void> {
    if (process.env.KEEP_LOGS) console.log(await this.#operator?.log());
    // First, lest it puts the finalizers back, and waits for a destination that is gone.
    await this.#operator?.remove();
    for (const kind of ["OverseerAppSet", "OverseerApp", "GitRepository"]) {
      for (const object of await this.kube.list(API_VERSION, kind, this.namespace)) {
        const ref = { apiVersion: API_VERSION, kind, namespace: this.namespace, name: object.metadata.name };
        await this.kube.patch(ref, { metadata: { finalizers: null } });
        await this.kube.delete(ref);
      }
    }
    await this.kube.delete({ apiVersion: "v1", kind: "Namespace", name: this.namespace });
    await this.git.stop();
    await this.#texts.stop();
    await this.kube.client.close();
  }
}

/** A condition of a resource. */
export function condition(
  object: { status?: { conditions?: readonly Condition[] | undefined } },
  type: string,
): Condition | undefined {
  return object.status?.conditions?.find((candidate) => candidate.type === type);
}

/** A ConfigMap document. */
export function configMap(name: string, data: Record<string, string>, extra = ""): string {
  const lines = Object.entries(data).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${extra}data:\n${lines.join("\n")}\n`;
}

/** A Deployment document whose pods kwok makes ready. */
export function deployment(name: string, replicas = 1, image = "registry.example/web:1"): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - name: web
          image: ${image}
          resources: { requests: { cpu: 100m } }
`;
}
