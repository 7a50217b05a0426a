import {
  ANNOTATION_APPLIED,
  ANNOTATION_HOOK_RUN,
  ANNOTATION_IDENTITY,
  ANNOTATION_PRUNE,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_INSTANCE,
} from "../api/group.js";
import { isBuiltinGroup } from "./builtin-groups.js";
import type { KubeObject } from "./document.js";
import { type GroupVersionKind, parseApiVersion } from "./object-id.js";
import { podSpecPath, updateAt } from "./pod-spec.js";
import { isRecord } from "./shape.js";

type Fields = Readonly<Record<string, unknown>>;

/** A normalized object, and our own metadata that was removed from it. */
export interface Normalized {
  readonly object: KubeObject;
  /** Our own labels and annotations in Git. Documents exported from a cluster contain them. */
  readonly dropped: readonly string[];
}

/**
 * Reports whether a kind has the subresource `status`. Undefined if not known yet. Not called for built-in kinds.
 */
export type HasStatusSubresource = (kind: GroupVersionKind) => boolean | undefined;

/** Metadata that the API server sets. In a document it is rejected (409, 400), ignored or stored unintentionally. */
const SERVER_FIELDS = [
  "uid",
  "resourceVersion",
  "generation",
  "selfLink",
  "creationTimestamp",
  "managedFields",
] as const;

/** Ownership labels. Only the destination writes them. */
export const RESERVED_LABELS: readonly string[] = [LABEL_APP, LABEL_APP_NAMESPACE, LABEL_INSTANCE];
/** Annotations that the destination writes with each apply. */
export const RESERVED_ANNOTATIONS: readonly string[] = [ANNOTATION_IDENTITY, ANNOTATION_APPLIED, ANNOTATION_HOOK_RUN];

/** Name of a deletion confirmation in a document, for notes. It has an effect on live objects only. */
export const CONFIRMED = `annotation ${ANNOTATION_PRUNE}: confirmed`;

/** Annotations written by controllers and client-side apply. In Git they would conflict with the controller indefinitely. */
function isControllerAnnotation(key: string): boolean {
  return (
    key === "deployment.kubernetes.io/revision" ||
    key === "kubectl.kubernetes.io/last-applied-configuration" ||
    key.startsWith("pv.kubernetes.io/")
  );
}

/**
 * Returns the form that is hashed and applied. Removes only fields that would make an apply fail, write every time or conflict
 * with a controller. Other null and empty fields are kept, because they are owned and mean "must be unset" or "must be empty".
 * Each rule was verified on a real API server. Removes `status` from kinds with a status subresource: built-in kinds, and others
 * according to `hasStatus`. Does not modify its argument; the result shares unchanged parts with it.
 */
export function normalize(object: KubeObject, hasStatus: HasStatusSubresource = () => undefined): Normalized {
  const { group, version } = parseApiVersion(object.apiVersion);
  const kind = { group, version, kind: object.kind };
  const dropped: string[] = [];
  let fields: Fields = dropNullTimestamps(object) as Fields;
  fields = { ...fields, metadata: normalizeMetadata(fields.metadata as Fields, dropped) };
  if (fields.status !== undefined && (isBuiltinGroup(group) || hasStatus(kind) === true)) {
    fields = without(fields, ["status"]);
  }
  if (group === "" && kind.kind === "Secret") fields = mergeStringData(fields);
  if (group === "rbac.authorization.k8s.io" && kind.kind === "ClusterRole" && isRecord(fields.aggregationRule)) {
    fields = without(fields, ["rules"]);
  }
  const podSpec = podSpecPath(group, kind.kind);
  if (podSpec) fields = updateAt(fields, podSpec, bothServiceAccountNames);
  return { object: fields as KubeObject, dropped };
}

/** Removes null `creationTimestamp` fields, which Go tools print, at every depth. They make each apply of an embedded resource a write. */
function dropNullTimestamps(value: unknown): unknown {
  if (Array.isArray(value)) {
    let changed = false;
    const items = value.map((item: unknown) => {
      const next = dropNullTimestamps(item);
      if (next !== item) changed = true;
      return next;
    });
    return changed ? items : value;
  }
  if (!isRecord(value)) return value;
  let result: Record<string, unknown> | undefined;
  for (const key of Object.keys(value)) {
    const child = value[key];
    if (key === "creationTimestamp" && child === null) {
      result ??= { ...value };
      delete result[key];
    } else if (child !== null && typeof child === "object") {
      const next = dropNullTimestamps(child);
      if (next === child) continue;
      result ??= { ...value };
      setOwn(result, key, next);
    }
  }
  return result ?? value;
}

function normalizeMetadata(metadata: Fields, dropped: string[]): Fields {
  const result: Record<string, unknown> = { ...metadata };
  for (const field of SERVER_FIELDS) delete result[field];
  if (result.namespace === null || result.namespace === "") delete result.namespace;
  cleanMap(result, "labels", (key) => note(RESERVED_LABELS.includes(key), `label ${key}`, dropped));
  cleanMap(
    result,
    "annotations",
    (key, value) =>
      isControllerAnnotation(key) ||
      note(RESERVED_ANNOTATIONS.includes(key), `annotation ${key}`, dropped) ||
      note(key === ANNOTATION_PRUNE && value === "confirmed", CONFIRMED, dropped),
  );
  return result;
}

function note(matches: boolean, text: string, dropped: string[]): boolean {
  if (matches) dropped.push(text);
  return matches;
}

/** Removes entries of a map, and the map itself if it is then empty or null. */
function cleanMap(
  metadata: Record<string, unknown>,
  field: string,
  drop: (key: string, value: unknown) => boolean,
): void {
  const map = metadata[field];
  if (map === null) delete metadata[field];
  if (!isRecord(map)) return;
  const dropped = Object.keys(map).filter((key) => drop(key, map[key]));
  if (dropped.length === 0) return;
  const kept = without(map, dropped);
  if (Object.keys(kept).length === 0) delete metadata[field];
  else metadata[field] = kept;
}

/** Merges `stringData` into `data`, where its keys take precedence as on the server. `stringData` is write-only and would hide drift. */
function mergeStringData(secret: Fields): Fields {
  const { stringData, ...rest } = secret;
  if (stringData === undefined) return secret;
  if (!isRecord(stringData) || Object.keys(stringData).length === 0) return rest;
  if (secret.data !== undefined && secret.data !== null && !isRecord(secret.data)) return secret;
  const data: Record<string, unknown> = { ...secret.data };
  for (const [key, value] of Object.entries(stringData)) {
    setOwn(data, key, Buffer.from(String(value), "utf8").toString("base64"));
  }
  return { ...rest, data };
}

/** Sets both alias fields. If we owned only one, another writer's value of the other would win over self-healing. */
function bothServiceAccountNames(spec: Fields): Fields {
  const name = isName(spec.serviceAccountName) ? spec.serviceAccountName : spec.serviceAccount;
  if (!isName(name) || (spec.serviceAccountName === name && spec.serviceAccount === name)) return spec;
  return { ...spec, serviceAccountName: name, serviceAccount: name };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function without(map: Fields, keys: readonly string[]): Fields {
  const result: Record<string, unknown> = { ...map };
  for (const key of keys) delete result[key];
  return result;
}

/** Assigns a key, including `__proto__`, which a plain assignment would treat as the prototype. */
function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
