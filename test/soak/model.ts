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
} as const;
export type Kind = keyof typeof API_VERSIONS;
export const KINDS = Object.keys(API_VERSIONS) as readonly Kind[];

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

  any(): Entry {
    return this.#random.pick([...this.entries.values()]);
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

/** Whether all that is wanted is there; what else is there does not count. */
export function holds(wanted: unknown, live: unknown): boolean {
  if (wanted === null || typeof wanted !== "object") return wanted === live;
  if (Array.isArray(wanted))
    return (
      Array.isArray(live) && wanted.length === live.length && wanted.every((item, index) => holds(item, live[index]))
    );
  if (live === null || typeof live !== "object") return false;
  return Object.entries(wanted).every(([key, value]) => holds(value, (live as Record<string, unknown>)[key]));
}
