import { messageOf } from "../../../base/errors.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import type { Document } from "../../../manifest/document.js";
import type { Target } from "../../destination.js";
import type { KubernetesContext } from "../kubernetes-context.js";
import { changeOwnership } from "../ownership/change-ownership.js";
import { applyBlockerOf } from "./dry-run.js";

/** Blockers that can follow each other in one write: removed API versions, then union members. */
const MAX_BLOCKERS = 2;

/**
 * Retries an apply after it was refused because of managedFields: union members of another or of no field manager, or entries
 * at a removed API version. The repair rewrites managedFields and no value, so the next apply changes everything in one write.
 */
export async function applyWithRepair<T>(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
  apply: () => Promise<T>,
): Promise<T> {
  const repaired = new Set<string>();
  for (;;) {
    try {
      return await apply();
    } catch (error) {
      const refusal = messageOf(error);
      const exhausted = repaired.has(refusal) || repaired.size === MAX_BLOCKERS;
      const blocker = exhausted ? undefined : await applyBlockerOf(context, target, resource, document, error);
      if (!blocker) throw error;
      repaired.add(refusal);
      await changeOwnership(context, target, resource, document, blocker.rewrite);
    }
  }
}
