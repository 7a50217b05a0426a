import { GROUP } from "../api/group.js";
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
/** A lease counts as abandoned after this many times its duration; the factor allows for clock skew. */
const STALE_FACTOR = 5;

/** Returns the labels and annotations for the lease of this installation. */
export function installationAnnotations({ watchNamespaces }: Pick<Config, "watchNamespaces">): LeaseMetadata {
  return {
    labels: watchNamespaces === undefined ? {} : { [LABEL.key]: LABEL.value },
    annotations: { [ANNOTATION]: watchNamespaces?.join(",") ?? ALL },
  };
}

/** Options of the overlap check. */
export interface OverlapCheck {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lease of this installation, which it already holds. */
  readonly own: { readonly namespace: string; readonly name: string };
  readonly watchNamespaces: readonly string[] | undefined;
}

/**
 * Throws if another installation watches the same namespaces, since both would write the same statuses and objects. Each
 * installation acquires its lease before this check, so of two that start together at least one detects the other. Two
 * installations that both watch all namespaces are not detected here.
 */
export async function refuseOverlap(check: OverlapCheck): Promise<void> {
  const ownNamespaces = check.watchNamespaces;
  for (const lease of await otherLeases(check)) {
    const text = lease.metadata.annotations?.[ANNOTATION];
    if (text === undefined) continue;
    const otherNamespaces = text === ALL ? undefined : text.split(",");
    if (ownNamespaces === undefined && otherNamespaces === undefined) continue;
    const shared = intersection(ownNamespaces, otherNamespaces);
    if (!shared || shared.length === 0) continue;
    const { namespace = "", name } = lease.metadata;
    throw new OverseerError(
      `the installation with the lease ${namespace}/${name} already manages ${otherNamespaces === undefined ? "all namespaces" : `the namespaces ${shared.join(", ")}`}: set different namespaces with --watch-namespaces`,
      { code: "INSTALLATIONS_OVERLAP", reason: "InstallationsOverlap", class: "retryable" },
    );
  }
}

/** Returns the namespaces in both lists; undefined means all namespaces. */
function intersection(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): readonly string[] | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : b.filter((name) => a.includes(name));
}

/** Returns the held leases of other installations; empty if this process may not list leases. */
async function otherLeases({ client, clock, logger, own }: OverlapCheck): Promise<RawObject[]> {
  const list = async (query: Record<string, string>): Promise<RawObject[]> => {
    const path = "/apis/coordination.k8s.io/v1/leases";
    return (await client.request<{ items: RawObject[] }>({ method: "GET", path, query })).body.items;
  };
  try {
    // The lease of an installation for all namespaces has no label but the default name. Listing all leases would be
    // expensive, since every node has one.
    const found = [
      ...(await list({ labelSelector: `${LABEL.key}=${LABEL.value}` })),
      ...(await list({ fieldSelector: `metadata.name=${DEFAULT_LEASE_NAME}` })),
    ];
    return found.filter((object) => {
      const { namespace, name } = object.metadata;
      const { holder, renewTime, durationSeconds } = readLease(object);
      const age = clock.now() - Date.parse(renewTime);
      return (
        !(namespace === own.namespace && name === own.name) &&
        holder !== "" &&
        age < durationSeconds * 1000 * STALE_FACTOR
      );
    });
  } catch (error) {
    logger.info("cannot check whether other installations overlap", { error: messageOf(error) });
    return [];
  }
}
