import { canonicalJson } from "../../../base/hash.js";
import type { ObservedObject } from "./observed-object.js";

/**
 * Whether an app needs not notice a change that no field of its own shows: both states have the same user requests (pause,
 * protection from deletion, confirmed deletion) and the same additions of others.
 */
export function sameRequests(a: ObservedObject, b: ObservedObject): boolean {
  return (
    a.paused === b.paused &&
    a.deletionConfirmed === b.deletionConfirmed &&
    a.keepAnnotations.length === b.keepAnnotations.length &&
    a.keepAnnotations.every((mark, at) => mark === b.keepAnnotations[at]) &&
    (a.added === b.added || canonicalJson(a.added ?? null) === canonicalJson(b.added ?? null))
  );
}

/** Whether two states have the same health and the same state of deletion. */
export function sameHealth(a: ObservedObject, b: ObservedObject): boolean {
  return (
    a.health.status === b.health.status &&
    a.health.message === b.health.message &&
    a.health.ended === b.health.ended &&
    a.deleting === b.deleting &&
    a.finished?.result === b.finished?.result &&
    a.deletion?.finalizers.join() === b.deletion?.finalizers.join()
  );
}
