import { apiVersionOf, type ObjectId } from "../../../manifest/object-id.js";
import type { DeferredWrite, WriteAction } from "../../../plan/actions.js";
import type { PruneDecision } from "../../../plan/prune-guard.js";

/** Kinds whose objects can make the API server refuse other objects. */
const BLOCKING_KINDS: ReadonlySet<string> = new Set(["/Service", "/ResourceQuota", "/LimitRange"]);

type Deletion = PruneDecision & { readonly verb: "Delete" };

/**
 * Returns, as pending writes, the deletions of a plan that may lift refusals of the API server: an unreachable webhook, a
 * policy, a quota, a Service that holds a port.
 */
export function liftingDeletions(pruneCandidates: readonly PruneDecision[]): readonly WriteAction[] {
  return pruneCandidates.filter(isBlocking).map(({ live: { id, key } }) => {
    const object = {
      apiVersion: apiVersionOf(id),
      kind: id.kind,
      metadata: { name: id.name, namespace: id.namespace },
    };
    const document = { id, key, object, origin: { file: "", line: 0 }, hash: "" };
    return { verb: "Update" as const, document, live: undefined };
  });
}

/** Returns the deletions that pending writes wait for: they run before all writes are done. */
export function awaitedDeletions(
  pruneCandidates: readonly PruneDecision[],
  waiting: readonly DeferredWrite[],
): readonly Deletion[] {
  return pruneCandidates
    .filter(isBlocking)
    .filter(({ live }) => waiting.some(({ liftedBy }) => liftedBy.includes(live.key)));
}

function isBlocking(decision: PruneDecision): decision is Deletion {
  return decision.verb === "Delete" && isJudge(decision.live.id);
}

function isJudge({ group, kind }: ObjectId): boolean {
  return group === "admissionregistration.k8s.io" || BLOCKING_KINDS.has(`${group}/${kind}`);
}
