import { ANNOTATION_RECONCILE_AT } from "../api/group.js";
import type { ObjectMeta } from "../api/meta.js";
import { cutText } from "../base/cut-text.js";

/** Maximum length of a request that a status can echo. */
const MAX_LENGTH = 256;

/** Returns the reconcile request of a resource as its status has to echo it, if there is one. */
export function requestedAt({ annotations }: Pick<ObjectMeta, "annotations">): string | undefined {
  const requested = annotations?.[ANNOTATION_RECONCILE_AT];
  return requested === undefined ? undefined : cutText(requested, MAX_LENGTH);
}
