import { ANNOTATION_RECONCILE_AT } from "../../api/group.js";
import type { CustomResource } from "../../api/meta.js";
import { canonicalJson } from "../../base/hash.js";
import { isNewer } from "../../kube/object.js";

/**
 * Reports whether a change of a custom resource must be reconciled: creation, deletion, a new spec, a reconcile request,
 * or an older resourceVersion (after a restore of etcd). Writes to status and to other labels need no reconciliation.
 */
export function isWork<Spec, Status>(
  current: CustomResource<Spec, Status> | undefined,
  previous: CustomResource<Spec, Status> | undefined,
): boolean {
  if (!current || !previous) return true;
  return (
    current.metadata.uid !== previous.metadata.uid ||
    isNewer(previous.metadata.resourceVersion, current.metadata.resourceVersion) ||
    current.metadata.generation !== previous.metadata.generation ||
    current.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
    canonicalJson(current.metadata.finalizers ?? []) !== canonicalJson(previous.metadata.finalizers ?? []) ||
    current.metadata.annotations?.[ANNOTATION_RECONCILE_AT] !== previous.metadata.annotations?.[ANNOTATION_RECONCILE_AT]
  );
}
