import { messageOf } from "../../../base/errors.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import type { Document } from "../../../manifest/document.js";
import type { Target } from "../../destination.js";
import type { KubernetesContext } from "../kubernetes-context.js";
import { changeOwnership } from "../ownership/change-ownership.js";
import { applyBlockerOf } from "./dry-run.js";

/** Things that may be in the way of one write, one behind the other: versions that are gone, then members of unions. */
const MOST = 2;

/**
 * Does an apply that may be refused for what stands in the books: members of unions that somebody else, or nobody, owns, or a
 * version that is gone. The books are rewritten, and no value; with the next apply all changes in one write.
 */
export async function applyWithRepair<T>(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
  apply: () => Promise<T>,
): Promise<T> {
  const met = new Set<string>();
  for (;;) {
    try {
      return await apply();
    } catch (error) {
      const refusal = messageOf(error);
      const helpless = met.has(refusal) || met.size === MOST;
      const obstacle = helpless ? undefined : await applyBlockerOf(context, target, resource, document, error);
      if (!obstacle) throw error;
      met.add(refusal);
      await changeOwnership(context, target, resource, document, obstacle.rewrite);
    }
  }
}
