import { apiVersionOf, type ObjectId } from "../../../manifest/object-id.js";
import type { DeferredWrite, WriteAction } from "../../../plan/actions.js";
import type { PruneDecision } from "../../../plan/prune-guard.js";

/** Kinds whose objects make the API server refuse others while they are there. */
const IN_THE_WAY: ReadonlySet<string> = new Set(["/Service", "/ResourceQuota", "/LimitRange"]);

type Deletion = PruneDecision & { readonly verb: "Delete" };

/**
 * Deletions of a plan that may let the API server accept what it refuses now, as writes that are still to be made: a webhook
 * that does not answer, a policy, a quota, a Service that has a port.
 */
export function liftingDeletions(pruneCandidates: readonly PruneDecision[]): readonly WriteAction[] {
  return pruneCandidates.filter(isInTheWay).map(({ live: { id, key } }) => {
    const object = {
      apiVersion: apiVersionOf(id),
      kind: id.kind,
      metadata: { name: id.name, namespace: id.namespace },
    };
    const document = { id, key, object, origin: { file: "", line: 0 }, hash: "" };
    return { verb: "Update" as const, document, live: undefined };
  });
}

/** The deletions that something waits for: they are made before all is written. */
export function awaitedDeletions(
  pruneCandidates: readonly PruneDecision[],
  waiting: readonly DeferredWrite[],
): readonly Deletion[] {
  return pruneCandidates
    .filter(isInTheWay)
    .filter(({ live }) => waiting.some(({ liftedBy }) => liftedBy.includes(live.key)));
}

function isInTheWay(decision: PruneDecision): decision is Deletion {
  return decision.verb === "Delete" && isJudge(decision.live.id);
}

function isJudge({ group, kind }: ObjectId): boolean {
  return group === "admissionregistration.k8s.io" || IN_THE_WAY.has(`${group}/${kind}`);
}
