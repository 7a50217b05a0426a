import { GROUP } from "../api/group.js";
import type { Clock } from "../base/clock.js";
import { messageOf, OverseerError } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import type { Config } from "../config/config.js";
import type { KubeClient } from "../kube/client/kube-client.js";
import { type LeaseMetadata, readLease } from "../kube/lease/lease-record.js";
import type { RawObject } from "../kube/object.js";

/** By this label the leases of installations for some namespaces are found. */
const LABEL = { key: "app.kubernetes.io/part-of", value: "overseer-gitops" };
/** On the lease of an installation: the namespaces that it looks after. */
const ANNOTATION = `${GROUP}/watch-namespaces`;
const ALL = "*";
/** Name of the lease where nobody has chosen another. */
const USUAL_NAME = "overseer-gitops";
/** A lease that was not renewed for so many times its duration is nobody's. Clocks differ. */
const STALE = 5;

/** What the lease of this installation tells the others. */
export function installationAnnotations({ watchNamespaces }: Pick<Config, "watchNamespaces">): LeaseMetadata {
  return {
    labels: watchNamespaces === undefined ? {} : { [LABEL.key]: LABEL.value },
    annotations: { [ANNOTATION]: watchNamespaces?.join(",") ?? ALL },
  };
}

/** What the check needs. */
export interface OverlapCheck {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The lease of this installation, which it holds already. */
  readonly own: { readonly namespace: string; readonly name: string };
  readonly watchNamespaces: readonly string[] | undefined;
}

/**
 * Refuses to work beside another installation that looks after the same namespaces: both would write the same statuses and
 * objects. Each holds its lease before it looks, so of two that begin together at least one sees the other. Two installations that
 * both look after all namespaces are told apart by nothing but their leases, and are not refused here.
 */
export async function refuseOverlap(check: OverlapCheck): Promise<void> {
  const mine = check.watchNamespaces;
  for (const lease of await otherLeases(check)) {
    const text = lease.metadata.annotations?.[ANNOTATION];
    if (text === undefined) continue;
    const theirs = text === ALL ? undefined : text.split(",");
    if (mine === undefined && theirs === undefined) continue;
    const shared =
      theirs === undefined ? mine : mine === undefined ? theirs : theirs.filter((name) => mine.includes(name));
    if (!shared || shared.length === 0) continue;
    const { namespace = "", name } = lease.metadata;
    throw new OverseerError(
      `the installation with the lease ${namespace}/${name} looks after ${theirs === undefined ? "all namespaces" : `the namespaces ${shared.join(", ")}`} already: give each installation namespaces of its own by --watch-namespaces`,
      { code: "INSTALLATIONS_OVERLAP", reason: "InstallationsOverlap", class: "retryable" },
    );
  }
}

/** The leases of other installations that somebody holds. Without the right to list them nothing is known of others. */
async function otherLeases({ client, clock, logger, own }: OverlapCheck): Promise<RawObject[]> {
  const list = async (query: Record<string, string>): Promise<RawObject[]> => {
    const path = "/apis/coordination.k8s.io/v1/leases";
    return (await client.request<{ items: RawObject[] }>({ method: "GET", path, query })).body.items;
  };
  try {
    // One for all namespaces carries no label; it has its usual name. There may be thousands of leases of nodes.
    const found = [
      ...(await list({ labelSelector: `${LABEL.key}=${LABEL.value}` })),
      ...(await list({ fieldSelector: `metadata.name=${USUAL_NAME}` })),
    ];
    return found.filter((object) => {
      const { namespace, name } = object.metadata;
      const { holder, renewTime, durationSeconds } = readLease(object);
      const age = clock.now() - Date.parse(renewTime);
      return (
        !(namespace === own.namespace && name === own.name) && holder !== "" && age < durationSeconds * 1000 * STALE
      );
    });
  } catch (error) {
    logger.info("it is not known whether other installations overlap", { error: messageOf(error) });
    return [];
  }
}
