import { isStatus } from "../../../kube/errors.js";
import { objectPath } from "../../../kube/resource.js";
import { displayId } from "../../../manifest/object-id.js";
import type { DeletePermit } from "../../../plan/prune-guard.js";
import type { Outcome, Target } from "../../destination.js";
import { isConfidentialHash, type KubernetesContext, writer } from "../kubernetes-context.js";
import { attempt } from "./attempt.js";

/**
 * Deletes the object of a permit with its uid and resourceVersion as preconditions; a changed object is judged again. What `isReplaced` must
 * not leave its dependents behind: old pods would run beside the new ones.
 */
export async function removeObject(
  context: KubernetesContext,
  target: Target,
  permit: DeletePermit,
  isReplaced = permit.live.hook !== undefined,
): Promise<Outcome> {
  const { id, key, uid, resourceVersion } = permit.live;
  const wanted = target.propagation ?? "Background";
  return attempt(context, target, undefined, async () => {
    const resource = await context.discovery.findAny(id);
    if (!resource) return { ok: true, wrote: false, notes: [`${displayId(id)} was removed together with its kind`] };
    try {
      await context.client.request({
        method: "DELETE",
        path: objectPath(resource, id.namespace, id.name),
        body: {
          apiVersion: "v1",
          kind: "DeleteOptions",
          propagationPolicy: isReplaced && wanted === "Orphan" ? "Background" : wanted,
          preconditions: { uid, resourceVersion },
        },
        impersonate: writer(context, target),
        confidential: isConfidentialHash(permit.live.documentHash),
      });
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      context.tracker.gone(key, uid);
      return { ok: true, wrote: false, notes: [] };
    }
    context.tracker.deleting(key);
    return { ok: true, wrote: true, notes: [] };
  });
}
