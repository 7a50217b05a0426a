import { API_VERSION } from "../../../api/group.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { LiveApp, LiveChange } from "../../connection/live.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { KINDS } from "../../kinds.js";
import { awaitChange } from "../wait/await-change.js";

/** How the Changes of a take-over are waited for. */
export interface SyncOptions {
  readonly requester: string;
  readonly timeout: number;
  readonly quiet?: boolean;
}

/**
 * Requests a sync of an app as the user, or only its plan, and returns the Change when it has ended.
 *
 * @throws CommandError if it ends in another phase than expected.
 */
export async function requestSync(
  cluster: Cluster,
  app: LiveApp,
  options: SyncOptions & { readonly dryRun: boolean },
): Promise<LiveChange> {
  const { name, namespace = "" } = app.metadata;
  const { dryRun, requester, timeout } = options;
  const spec = { app: { name }, cause: "Sync", requester, ...(dryRun ? { dryRun: true } : {}) };
  const metadata = { generateName: `${name}-take-over-` };
  const body = { apiVersion: API_VERSION, kind: "Change", metadata, spec };
  const created = await cluster.create<LiveChange>(KINDS.change, namespace, body);
  // A plan says nothing of interest while it is made.
  const quiet = options.quiet === true || dryRun;
  const change = await awaitChange(cluster, created, { timeoutMs: timeout, quiet });
  const expected = dryRun ? "Planned" : "Succeeded";
  if (change.status?.phase !== expected)
    throw new CommandError(
      `Change ${change.metadata.name} ended as ${change.status?.phase ?? "unknown"}: ${change.status?.message ?? "see overseer why"}`,
      EXIT.failed,
    );
  return change;
}
