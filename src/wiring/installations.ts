import { GROUP } from "../api/group.js";
import { unlessAborted } from "../base/abort.js";
import type { Clock } from "../base/clock.js";
import { messageOf, OverseerError } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import type { Config } from "../config/config.js";
import type { KubeClient } from "../kube/client/kube-client.js";
import { type LeaseMetadata, readLease } from "../kube/lease/lease-record.js";
import type { RawObject } from "../kube/object.js";

/** Label on the leases of installations that watch selected namespaces. */
const LABEL = { key: "app.kubernetes.io/part-of", value: "overseer-gitops" };
/** Annotation with the namespaces that an installation watches. */
const ANNOTATION = `${GROUP}/watch-namespaces`;
const ALL = "*";
/** Default name of the lease. */
const DEFAULT_LEASE_NAME = "overseer-gitops";
/** A lease may be abandoned after this many times its duration; until then nothing is waited for. */
const STALE_FACTOR = 5;

/** Longest wait for a lease that may be abandoned. */
const MAX_WAIT_SECONDS = 60;

/** The namespaces of an installation or shard: some, or all except some. */
interface Scope {
  readonly watchNamespaces: readonly string[] | undefined;
  readonly exceptNamespaces: readonly string[];
}

/** Returns the labels and annotations for the lease of this installation or shard. */
export function installationAnnotations(scope: Pick<Config, "watchNamespaces" | "exceptNamespaces">): LeaseMetadata {
  const { watchNamespaces, exceptNamespaces } = scope;
  const all = [ALL, ...exceptNamespaces.map((name) => `!${name}`)].join(",");
  return {
    labels: watchNamespaces === undefined && exceptNamespaces.length === 0 ? {} : { [LABEL.key]: LABEL.value },
    annotations: { [ANNOTATION]: watchNamespaces?.join(",") ?? all },
  };
}

/** Options of the overlap check. */
export interface OverlapCheck extends Scope {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Ends the wait for a lease that may be abandoned. */
  readonly signal: AbortSignal;
  /** Lease of this installation or shard, which it already holds. */
  readonly own: { readonly namespace: string; readonly name: string };
  /** Name of the lease of this installation without shards. */
  readonly unsharded?: string | undefined;
}

/**
 * Throws if another installation or shard manages the same namespaces, since both would write the same statuses and objects. Each
 * acquires its lease before this check, so of two that start together at least one detects the other. Two
 * installations that both watch all namespaces are not detected here.
 */
export async function refuseOverlap(check: OverlapCheck): Promise<void> {
  const abandoned: RawObject[] = [];
  for (const lease of await overlapping(check)) {
    if (isRecent(lease, check.clock)) throw overlap(check, lease);
    abandoned.push(lease);
  }
  if (abandoned.length === 0) return;
  // The clock of its node may be behind: it is abandoned if nothing renews it for as long as it lasts.
  const longest = Math.max(...abandoned.map((lease) => readLease(lease).durationSeconds));
  const seconds = Math.min(longest, MAX_WAIT_SECONDS);
  const wait = new Promise<void>((resolve) => void check.clock.after(seconds * 1000, resolve));
  const names = abandoned.map(nameOf).join(", ");
  check.logger.info(
    "waiting whether an old lease of the same namespaces is renewed; delete it if that installation is gone",
    {
      leases: names,
      seconds,
    },
  );
  await unlessAborted(wait, check.signal);
  const before = new Map(abandoned.map((lease) => [nameOf(lease), lease.metadata.resourceVersion]));
  for (const lease of await overlapping(check))
    if (before.get(nameOf(lease)) !== lease.metadata.resourceVersion) throw overlap(check, lease);
}

/** Returns the held leases of others that stand for a namespace of this installation. */
async function overlapping(check: OverlapCheck): Promise<readonly RawObject[]> {
  const leases = await otherLeases(check);
  return leases.filter((lease) => {
    const other = scopeOf(lease);
    return other !== undefined && !(isAll(check) && isAll(other)) && intersection(check, other)?.length !== 0;
  });
}

function overlap(check: OverlapCheck, lease: RawObject): OverseerError {
  const other = scopeOf(lease);
  const shared = other && intersection(check, other);
  const what =
    shared === undefined || (other && isAll(other)) ? "all namespaces" : `the namespaces ${shared.join(", ")}`;
  return new OverseerError(
    `the installation with the lease ${nameOf(lease)} already manages ${what}: set different namespaces with --watch-namespaces`,
    { code: "INSTALLATIONS_OVERLAP", reason: "InstallationsOverlap", class: "retryable" },
  );
}

function nameOf({ metadata: { namespace = "", name } }: RawObject): string {
  return `${namespace}/${name}`;
}

function scopeOf(lease: RawObject): Scope | undefined {
  const text = lease.metadata.annotations?.[ANNOTATION];
  return text === undefined ? undefined : readScope(text);
}

function isRecent(lease: RawObject, clock: Clock): boolean {
  const { renewTime, durationSeconds } = readLease(lease);
  return clock.now() - Date.parse(renewTime) < durationSeconds * 1000 * STALE_FACTOR;
}

function readScope(text: string): Scope {
  const names = text.split(",");
  if (names[0] !== ALL) return { watchNamespaces: names, exceptNamespaces: [] };
  return { watchNamespaces: undefined, exceptNamespaces: names.slice(1).map((name) => name.replace(/^!/, "")) };
}

function isAll({ watchNamespaces, exceptNamespaces }: Scope): boolean {
  return watchNamespaces === undefined && exceptNamespaces.length === 0;
}

/** Returns the namespaces in both scopes; undefined means all that neither leaves out. */
function intersection(a: Scope, b: Scope): readonly string[] | undefined {
  if (a.watchNamespaces === undefined && b.watchNamespaces === undefined) return undefined;
  const [list, other] = a.watchNamespaces === undefined ? [b.watchNamespaces ?? [], a] : [a.watchNamespaces, b];
  return list.filter((name) => other.watchNamespaces?.includes(name) ?? !other.exceptNamespaces.includes(name));
}

/** Returns the held leases of other installations; empty if this process may not list leases. */
async function otherLeases({ client, logger, own, unsharded }: OverlapCheck): Promise<RawObject[]> {
  const list = async (query: Record<string, string>): Promise<RawObject[]> => {
    const path = "/apis/coordination.k8s.io/v1/leases";
    return (await client.request<{ items: RawObject[] }>({ method: "GET", path, query })).body.items;
  };
  try {
    // The lease of an installation for all namespaces has no label but the default name. Listing all leases would be
    // expensive, since every node has one.
    const names = new Set([DEFAULT_LEASE_NAME, ...(unsharded === undefined ? [] : [unsharded])]);
    const found = [
      ...(await list({ labelSelector: `${LABEL.key}=${LABEL.value}` })),
      ...(await Promise.all([...names].map((name) => list({ fieldSelector: `metadata.name=${name}` })))).flat(),
    ];
    return found.filter((object) => {
      const { namespace, name } = object.metadata;
      return !(namespace === own.namespace && name === own.name) && readLease(object).holder !== "";
    });
  } catch (error) {
    // Namespaces are regrouped while replicas run, so that shards overlap unless this is checked.
    if (unsharded !== undefined)
      throw new OverseerError(
        `cannot check whether other replicas manage these namespaces: ${messageOf(error)}; grant the operator list on leases (coordination.k8s.io)`,
        { code: "INSTALLATIONS_OVERLAP", reason: "InstallationsOverlap", class: "retryable" },
      );
    logger.info("cannot check whether other installations overlap", { error: messageOf(error) });
    return [];
  }
}
