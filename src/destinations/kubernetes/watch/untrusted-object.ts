import { LABEL_APP, LABEL_APP_NAMESPACE, LABEL_INSTANCE } from "../../../api/group.js";
import { estimatedBytes } from "../../../base/estimated-bytes.js";
import type { ServerLimits } from "../../../kube/client/server-limits.js";
import type { RawObject } from "../../../kube/object.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { type ObservedObject, observe } from "./observed-object.js";

/** Maximum stored bytes of one object: etcd accepts objects of at most 1.5 MiB, most of which is never stored. */
const MAX_OBJECT_BYTES = 512 * 1024;
/** Bytes of the fields of a stored object, and of its entry in one map. */
const FIELDS_BYTES = 100;
/** Maximum length of the value of a label. */
const MAX_LABEL = 63;

/** Estimates the bytes of a stored object, which the copy of its kind and the tracker share: each counts about half. */
export function observedBytes(object: ObservedObject): number {
  let bytes = FIELDS_BYTES;
  for (const value of Object.values(object)) bytes += estimatedBytes(value, MAX_OBJECT_BYTES);
  return bytes;
}

/** Returns whether an object has the labels of an app of this instance, which a server must have selected it by. */
export function isOfInstance({ metadata: { labels } }: RawObject, instance: string): boolean {
  if (labels?.[LABEL_INSTANCE] !== instance) return false;
  return [labels[LABEL_APP], labels[LABEL_APP_NAMESPACE]].every(
    (value) => typeof value === "string" && value.length <= MAX_LABEL,
  );
}

/**
 * Reduces an object like `observe`. Of a server with limits, an object that is still too large counts as one that the app does not manage,
 * which is neither written nor deleted.
 */
export function observeWithin(
  limits: ServerLimits | undefined,
  raw: RawObject,
  kind: GroupVersionKind,
  health: ObjectHealth,
  healthBy?: string,
): ObservedObject {
  const object = observe(raw, kind, health, healthBy);
  if (limits === undefined || observedBytes(object) <= MAX_OBJECT_BYTES) return object;
  const { name, namespace, uid, resourceVersion, labels } = raw.metadata;
  const ours = Object.entries(labels ?? {}).filter(([label]) => LABELS.includes(label));
  const metadata = { name, uid, resourceVersion, labels: Object.fromEntries(ours) };
  return observe({ metadata: namespace === undefined ? metadata : { ...metadata, namespace } }, kind, {
    status: "Unknown",
    message: `its metadata and status are larger than ${MAX_OBJECT_BYTES / 1024} KiB`,
  });
}

const LABELS: readonly string[] = [LABEL_APP, LABEL_APP_NAMESPACE, LABEL_INSTANCE];
