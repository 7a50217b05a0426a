import { OPERATOR } from "./helm.js";
import type { TestObject } from "./kube.js";

/** A rule of a Role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: object;
  readonly volumeMounts?: readonly { readonly mountPath: string }[];
}

/** What the tests look at of a pod. */
export interface Pod {
  readonly containers: readonly [Container];
  readonly securityContext: object;
  readonly volumes?: readonly { readonly emptyDir?: { readonly sizeLimit?: string } }[];
}

/** The object of a kind and name. Throws where there is none. */
export function find(objects: readonly TestObject[], kind: string, name = OPERATOR): TestObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
}

/** The pod of a Deployment. */
export function podOf(objects: readonly TestObject[], name = OPERATOR): Pod {
  return (find(objects, "Deployment", name).spec as { template: { spec: Pod } }).template.spec;
}

/** The rules of a Role or ClusterRole. */
export function rulesOf(objects: readonly TestObject[], kind: string, name = OPERATOR): readonly Rule[] {
  return find(objects, kind, name).rules as readonly Rule[];
}

/** The kinds that there are, sorted. */
export function kindsOf(objects: readonly TestObject[]): string[] {
  return [...new Set(objects.map(({ kind }) => kind))].sort();
}
