import { ANNOTATION_RECONCILE_AT } from "../api/group.js";
import type { ObjectMeta } from "../api/meta.js";
import { cutText } from "../base/cut-text.js";

/** Longest request that a status can echo. */
const MAX_LENGTH = 256;

/** The request for a reconcile that a resource carries, as its status is to echo it; undefined if there is none. */
export function requestedAt({ annotations }: Pick<ObjectMeta, "annotations">): string | undefined {
  const requested = annotations?.[ANNOTATION_RECONCILE_AT];
  return requested === undefined ? undefined : cutText(requested, MAX_LENGTH);
}
