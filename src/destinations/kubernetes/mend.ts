import type { ResourceInfo } from "../../kube/resource.js";
import type { Document } from "../../manifest/document.js";
import type { Target } from "../destination.js";
import { changeOwnership } from "./change-ownership.js";
import type { KubernetesContext } from "./context.js";
import { conflictOf } from "./dry-run.js";
import { claimed } from "./take-over.js";

/**
 * Does an apply that may be refused for members of unions that somebody else, or nobody, owns: these are made ours, and
 * with the next apply they go and our own members come, in one write. What else others own stays.
 */
export async function mending<T>(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
  apply: () => Promise<T>,
): Promise<T> {
  try {
    return await apply();
  } catch (error) {
    const found = await conflictOf(context, target, resource, document, error);
    if (!found) throw error;
    const { members } = found.conflict;
    await changeOwnership(context, target, resource, document, (metadata, ours) => claimed(metadata, ours, members));
    return apply();
  }
}
