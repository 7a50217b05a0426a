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

/** The state that live has to come to: changed together with Git, and by nothing else. */
export class Model {
  readonly entries = new Map<string, Entry>();
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
    const metadata = { name, labels: { walk: "yes" } };
    const base = { apiVersion: API_VERSIONS[kind], kind, metadata };
    if (kind === "ConfigMap") return { ...base, data: { v: String(v) } };
    if (kind === "Secret") return { ...base, data: { v: Buffer.from(String(v)).toString("base64") } };
    if (kind === "ServiceAccount") return { ...base, metadata: { ...metadata, annotations: { v: String(v) } } };
    if (kind === "Deployment") return { ...base, spec: deploymentSpec(name, v) };
    if (kind === "Role")
      return { ...base, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"], resourceNames: [`n${v}`] }] };
    const ports = [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 + (v % 10) }];
    return { ...base, spec: { selector: { app: name, v: String(v) }, ports } };
  }
}

/** The file of an entry. */
export function fileOf({ app, name }: Entry): string {
  return `apps/a${app}/${name}.json`;
}

/** Another version is another rollout. kwok makes its pod ready. */
function deploymentSpec(name: string, v: number): Record<string, unknown> {
  const containers = [{ name: "web", image: "registry.example/web:1" }];
  const metadata = { labels: { app: name }, annotations: { v: String(v) } };
  return { replicas: 1, selector: { matchLabels: { app: name } }, template: { metadata, spec: { containers } } };
}
