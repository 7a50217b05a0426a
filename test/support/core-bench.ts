import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CoreApp } from "../../src/api/core/app.js";
import type { CoreBackupPolicy } from "../../src/api/core/backup-policy.js";
import type { CoreJob } from "../../src/api/core/job.js";
import type { CoreNode } from "../../src/api/core/node.js";
import type { CoreRoute } from "../../src/api/core/route.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { waitUntil } from "../../tools/wait-until.js";
import { expectNoCanary } from "./contracts.js";
import { type AgentProcess, type CoreProcess, startAgent, startCore } from "./core-process.js";
import { CoreProxy } from "./core-proxy.js";
import type { LiveApp, World } from "./world.js";

/** A name in the Core, with what it is the name of. */
type Kinds = { apps: CoreApp; routes: CoreRoute; nodes: CoreNode; jobs: CoreJob; policies: CoreBackupPolicy };

const PATHS: Readonly<Record<keyof Kinds, string>> = {
  apps: "/api/apps",
  routes: "/api/routes",
  nodes: "/api/nodes",
  jobs: "/api/jobs",
  policies: "/api/backups/policies",
};

/** What else of a Core can be read. */
const READABLE = ["/api/secrets", "/api/tokens", "/api/audit", "/api/changes", "/api/sign-in-providers"];

/** A real Overseer Core with an agent, behind a proxy that makes faults; apps reach it by the proxy, tests directly. */
export class CoreBench {
  readonly core: CoreProcess;
  readonly proxy: CoreProxy;
  agent: AgentProcess | undefined;
  readonly #world: World;

  private constructor(world: World, core: CoreProcess, proxy: CoreProxy) {
    this.#world = world;
    this.core = core;
    this.proxy = proxy;
  }

  /** Starts a Core, an agent for `node-1`, and makes the Secret `core` with the token in the world's namespace. */
  static async start(world: World, options: { readonly withoutAgent?: boolean } = {}): Promise<CoreBench> {
    const core = await startCore();
    const proxy = await CoreProxy.start(core.url);
    const bench = new CoreBench(world, core, proxy);
    world.canaries.push(core.adminToken);
    await bench.token("core", core.adminToken);
    if (!options.withoutAgent) await bench.startAgent();
    return bench;
  }

  /** Writes a Secret with a token. */
  async token(name: string, token: string): Promise<void> {
    await this.#world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: this.#world.namespace },
      stringData: { token },
    });
  }

  async startAgent(node = "node-1"): Promise<AgentProcess> {
    this.agent = await startAgent(this.core, node);
    return this.agent;
  }

  /** Starts one more agent; the test ends it. */
  secondAgent(node: string): Promise<AgentProcess> {
    return startAgent(this.core, node);
  }

  /** Makes an app whose destination is this Core. */
  app(name: string, repository: string, path: string, spec: Record<string, unknown> = {}): Promise<LiveApp> {
    const { source, ...rest } = spec as { source?: Record<string, unknown> };
    return this.#world.app(name, repository, path, {
      source: { repositoryRef: { name: repository }, path, ...source },
      destination: { overseer: { url: this.proxy.url, secretRef: { name: "core" }, interval: "5s" } },
      ...rest,
    });
  }

  /** A request with the admin's token, past the proxy. Gives status and body. */
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: T }> {
    const response = await fetch(`${this.core.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.core.adminToken}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as T };
  }

  async list<K extends keyof Kinds>(kind: K): Promise<Kinds[K][]> {
    const { body } = await this.call<Record<K, Kinds[K][]>>("GET", PATHS[kind]);
    return body[kind];
  }

  /** The app of a name; undefined if there is none. */
  async appNamed(name: string): Promise<CoreApp | undefined> {
    return (await this.list("apps")).find((app) => app.name === name);
  }

  /** Waits until the app of a name is so. */
  async untilApp(name: string, what: string, is: (app: CoreApp) => boolean): Promise<CoreApp> {
    let found: CoreApp | undefined;
    await waitUntil({ what: `app ${name} ${what}`, timeoutMs: 30_000 }, async () => {
      found = await this.appNamed(name);
      return found !== undefined && is(found);
    });
    if (found === undefined) throw new Error(`there is no app ${name}`);
    return found;
  }

  /** Jobs about an app, oldest first, as `type status vN`. */
  async jobsOf(name: string): Promise<string[]> {
    const jobs = (await this.list("jobs")).filter((job) => job.payload.app === name);
    return jobs
      .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
      .map((job) =>
        `${job.type} ${job.status} ${job.payload.version === null ? "" : `v${job.payload.version}`}`.trim(),
      );
  }

  /** Waits until the jobs about an app are these. */
  async untilJobs(name: string, jobs: readonly string[]): Promise<void> {
    await waitUntil({ what: `the jobs of ${name} are ${jobs.join(", ")}`, timeoutMs: 60_000 }, async () => {
      return (await this.jobsOf(name)).join() === jobs.join();
    });
  }

  /** Changes an app by hand, as a person does in the Core's own interface. */
  async edit(name: string, change: Partial<CoreApp>): Promise<CoreApp> {
    const app = await this.appNamed(name);
    if (!app) throw new Error(`there is no app ${name}`);
    const { description, domain, compose, nodeId, metadata } = { ...app, ...change };
    const { status, body } = await this.call<{ app: CoreApp }>("PUT", `/api/apps/${app.id}`, {
      description,
      domain,
      compose,
      nodeId,
      metadata,
    });
    if (status !== 200) throw new Error(`edit of ${name}: ${status} ${JSON.stringify(body)}`);
    return body.app;
  }

  async secret(name: string, value = this.#world.canary()): Promise<void> {
    await this.call("POST", "/api/secrets", { name, value });
  }

  /** Waits until the value of a secret has such a tag. */
  async untilSecret(name: string, is: (valueTag: string | null) => boolean): Promise<void> {
    await waitUntil({ what: `the secret ${name} of the Core has another value`, timeoutMs: 60_000 }, async () => {
      const { body } = await this.call<{ secrets: { name: string; valueTag: string | null }[] }>("GET", "/api/secrets");
      const found = body.secrets.find((secret) => secret.name === name);
      return found !== undefined && is(found.valueTag);
    });
  }

  async signInProvider(name: string): Promise<void> {
    await this.call("POST", "/api/sign-in-providers", { name, type: "simulated" });
  }

  /** Ends everything, and looks for secrets in what was logged. */
  async stop(): Promise<void> {
    const shown: Record<string, string> = {
      "the log of the Core": await this.core.log(),
      "the log of the agent": (await this.agent?.log()) ?? "",
    };
    for (const path of [...Object.values(PATHS), ...READABLE]) {
      shown[`the Core's ${path}`] = JSON.stringify((await this.call("GET", path)).body);
    }
    await this.agent?.remove();
    await this.core.remove();
    await this.proxy.stop();
    expectNoCanary(this.#world.canaries, shown);
  }
}

/** An App document. */
export function appDocument(
  name: string,
  services: Record<string, unknown>,
  spec: Record<string, unknown> = {},
  compose: Record<string, unknown> = {},
): string {
  return JSON.stringify({
    apiVersion: "overseer.io/v1",
    kind: "App",
    metadata: { name },
    spec: { targetNode: "node-1", compose: { services, ...compose }, ...spec },
  });
}

/** The files of a folder of the sample repository, by path. */
export async function sampleFiles(...folders: readonly string[]): Promise<Record<string, string>> {
  const root = join(repositoryRoot(), "examples", "overseer-gitops");
  const files: Record<string, string> = {};
  for (const folder of folders) {
    for (const name of await readdir(join(root, folder))) {
      if (name.endsWith(".yaml")) files[`${folder}/${name}`] = await readFile(join(root, folder, name), "utf8");
    }
  }
  return files;
}
