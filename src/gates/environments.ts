import type { Claim, Environment } from "../api/environment.js";

/** Where the objects of an app are: a cluster, or an Overseer Core. */
export type DestinationPlace =
  /** `cluster` is the URL of the API server of a remote cluster; undefined for the local one. */
  { readonly cluster: string | undefined } | { readonly core: string };

/** An object of a plan, as far as claims are concerned. */
export interface PlacedObject {
  readonly group: string;
  readonly kind: string;
  /** Undefined or empty for objects without a namespace. */
  readonly namespace?: string | undefined;
  readonly name: string;
  /** In which way the document says who may change what, if it does. */
  readonly power?: string | undefined;
  /** Whether the object exists, and is not the app's yet or is not as the document says. */
  readonly exists?: boolean;
}

/** Returns the Environments that the apps of a namespace belong to. All of them must permit a Change. */
export function environmentsOf(namespace: string, environments: Iterable<Environment>): Environment[] {
  return [...environments].filter(({ spec }) => spec.namespaces?.some(({ name }) => name === namespace));
}

/**
 * Returns the Environments that claim the place of an object. Empty if the place is not claimed. A Namespace counts as an object in itself; other
 * objects without a namespace are claimed with the whole cluster.
 */
export function claimantsOf(
  object: PlacedObject,
  place: DestinationPlace,
  environments: Iterable<Environment>,
): Environment[] {
  return [...environments].filter((environment) => claims(environment, object, place));
}

function claims({ spec }: Environment, object: PlacedObject, place: DestinationPlace): boolean {
  if ("core" in place) return (spec.claims ?? []).some(({ core }) => core !== undefined && isSameUrl(core, place.core));
  const namespace = namespaceOf(object);
  const own = (spec.namespaces ?? []).map(({ name }) => name);
  if (place.cluster === undefined && namespace !== undefined && own.includes(namespace)) return true;
  return (spec.claims ?? []).some((claim) => isOfCluster(claim, place.cluster) && covers(claim, namespace));
}

function namespaceOf({ group, kind, namespace, name }: PlacedObject): string | undefined {
  if (group === "" && kind === "Namespace") return name;
  return namespace === "" ? undefined : namespace;
}

function isOfCluster({ cluster, core }: Claim, url: string | undefined): boolean {
  if (core !== undefined) return false;
  return cluster === undefined || url === undefined ? cluster === url : isSameUrl(cluster, url);
}

/** Reports whether an Environment has a place in a cluster: a namespace, or a claim. */
export function hasPlaceIn({ spec }: Environment, cluster: string | undefined): boolean {
  if (cluster === undefined && (spec.namespaces ?? []).length > 0) return true;
  return (spec.claims ?? []).some((claim) => isOfCluster(claim, cluster));
}

function covers({ namespaces = [], clusterObjects }: Claim, namespace: string | undefined): boolean {
  if (namespace === undefined && clusterObjects === true) return true;
  return namespaces.includes("*") || (namespace !== undefined && namespaces.includes(namespace));
}

/** Compares URLs as clients do: without regard to case of the host, default port and final slash. */
function isSameUrl(a: string, b: string): boolean {
  return normalized(a) === normalized(b);
}

function normalized(text: string): string {
  try {
    const { protocol, host, pathname } = new URL(text);
    return `${protocol}//${host}${pathname.replace(/\/+$/, "")}`;
  } catch {
    return text;
  }
}

/** Returns the circle that `promotesFrom` leads through, for example `[prod, staging, prod]`; undefined if there is none. */
export function promotionCircle(name: string, environments: Iterable<Environment>): string[] | undefined {
  const sources = new Map([...environments].map(({ metadata, spec }) => [metadata.name, spec.promotesFrom ?? []]));
  const visited = new Set<string>();
  const visit = (at: string, path: readonly string[]): string[] | undefined => {
    for (const next of sources.get(at) ?? []) {
      if (next === name) return [...path, next];
      if (visited.has(next)) continue;
      visited.add(next);
      const found = visit(next, [...path, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return visit(name, [name]);
}
