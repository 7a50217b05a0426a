import type { TestObject, TestRef } from "../support/kube.js";
import type { SeededRandom } from "./random.js";

/** What Git holds: one object, in the folder of one app. */
export interface Entry {
  app: number;
  readonly kind: Kind;
  readonly name: string;
  object: TestObject;
}

const API_VERSIONS = {
  ConfigMap: "v1",
  Secret: "v1",
  Service: "v1",
  ServiceAccount: "v1",
  Role: "rbac.authorization.k8s.io/v1",
  Deployment: "apps/v1",
} as const;
/** The kinds of which a walk makes objects. */
export type Kind = keyof typeof API_VERSIONS;
/** All of them. */
export const KINDS = Object.keys(API_VERSIONS) as readonly Kind[];

/** The apiVersion of a kind. */
export function apiVersionOf(kind: Kind): string {
  return API_VERSIONS[kind];
}

/** A hook in the folder of an app. */
export interface HookEntry {
  readonly app: number;
  readonly name: string;
  /** Whether the API server refuses its object, so that its Change fails. */
  fails: boolean;
  object: TestObject;
}

/** Phases of hooks of a sync. PostSync hooks would wait for the controller of Deployments, which comes back late after an outage. */
const PHASES = ["PreSync", "Sync"] as const;
/** Share of the objects that are written before the others, in one of two waves. Deployments are not: later waves would wait for their controller. */
const EARLY = 0.4;

/** The state that live has to come to: changed together with Git, and by nothing else. */
export class Model {
  readonly entries = new Map<string, Entry>();
  readonly hooks = new Map<string, HookEntry>();
  readonly namespace: string;
  readonly #random: SeededRandom;
  #version = 0;
  #names = 0;

  constructor(namespace: string, random: SeededRandom) {
    this.namespace = namespace;
    this.#random = random;
  }

  /** A name that nothing has had before. */
  newName(prefix: string): string {
    return `${prefix.toLowerCase()}-${this.#names++}`;
  }

  /** Adds an object to an app. */
  add(app: number): Entry {
    const kind = this.#random.pick(KINDS);
    const name = this.newName(kind);
    const entry = { app, kind, name, object: this.newVersion(kind, name) };
    this.entries.set(name, entry);
    return entry;
  }

  /** Adds a hook to an app, changes one, or removes one. Gives the files that change. */
  changeHook(app: number): Record<string, string | null> {
    const known = [...this.hooks.values()].find((hook) => hook.app === app);
    if (known !== undefined && this.#random.next() < 0.4) {
      this.hooks.delete(known.name);
      return { [fileOf(known)]: null };
    }
    const hook = known ?? {
      app,
      name: this.newName("hook"),
      fails: false,
      object: { apiVersion: "v1", kind: "ConfigMap" },
    };
    hook.fails = this.#random.next() < 0.4;
    hook.object = this.#hookObject(hook);
    this.hooks.set(hook.name, hook as HookEntry);
    return { [fileOf(hook)]: JSON.stringify(hook.object) };
  }

  /** Makes all hooks succeed. Gives the files that change. */
  repairHooks(): Record<string, string | null> {
    const files: Record<string, string | null> = {};
    for (const hook of this.hooks.values()) {
      if (!hook.fails) continue;
      hook.fails = false;
      hook.object = this.#hookObject(hook);
      files[fileOf(hook)] = JSON.stringify(hook.object);
    }
    return files;
  }

  /** A ConfigMap, which succeeds at once, or a Service with a port that does not exist. */
  #hookObject({ name, fails }: { readonly name: string; readonly fails: boolean }): TestObject {
    const annotations = { "gitops.overseer.io/hook": this.#random.pick(PHASES) };
    const metadata = { name, labels: { walk: "hook" }, annotations };
    if (!fails) return { apiVersion: "v1", kind: "ConfigMap", metadata, data: { v: String(++this.#version) } };
    return { apiVersion: "v1", kind: "Service", metadata, spec: { ports: [{ port: 99_999 }] } };
  }

  /** Any object, or any of these. Undefined if there is none. */
  any(among: (entry: Entry) => boolean = () => true): Entry | undefined {
    const entries = [...this.entries.values()].filter(among);
    return entries.length > 0 ? this.#random.pick(entries) : undefined;
  }

  /** One object of each of so many apps, or of fewer where others have none. */
  oneOfEach(apps: number): Entry[] {
    const chosen: Entry[] = [];
    while (chosen.length < apps) {
      const next = this.any(({ app }) => chosen.every((other) => other.app !== app));
      if (next === undefined) break;
      chosen.push(next);
    }
    return chosen;
  }

  ref({ kind, name }: Pick<Entry, "kind" | "name">): TestRef {
    return { apiVersion: API_VERSIONS[kind], kind, namespace: this.namespace, name };
  }

  /** Another content of an object. */
  newVersion(kind: Kind, name: string): TestObject {
    const v = ++this.#version;
    const early = kind !== "Deployment" && this.#random.next() < EARLY;
    const wave = { "gitops.overseer.io/wave": String(-1 - this.#random.int(2)) };
    const metadata = { name, labels: { walk: "yes" }, ...(early ? { annotations: wave } : {}) };
    const base = { apiVersion: API_VERSIONS[kind], kind, metadata };
    if (kind === "ConfigMap") return { ...base, data: { v: String(v) } };
    if (kind === "Secret") return { ...base, data: { v: Buffer.from(String(v)).toString("base64") } };
    if (kind === "ServiceAccount")
      return { ...base, metadata: { ...metadata, annotations: { ...metadata.annotations, v: String(v) } } };
    if (kind === "Deployment") return { ...base, spec: deploymentSpec(name, v) };
    if (kind === "Role")
      return { ...base, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"], resourceNames: [`n${v}`] }] };
    const ports = [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 + (v % 10) }];
    return { ...base, spec: { selector: { app: name, v: String(v) }, ports } };
  }
}

/** The file of an entry. */
export function fileOf({ app, name }: Pick<Entry, "app" | "name">): string {
  return `apps/a${app}/${name}.json`;
}

/** Another version is another rollout. kwok makes its pod ready. */
function deploymentSpec(name: string, v: number): Record<string, unknown> {
  const containers = [{ name: "web", image: "registry.example/web:1" }];
  const metadata = { labels: { app: name }, annotations: { v: String(v) } };
  return { replicas: 1, selector: { matchLabels: { app: name } }, template: { metadata, spec: { containers } } };
}
