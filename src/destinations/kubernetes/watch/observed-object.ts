import {
  ANNOTATION_APPLIED,
  ANNOTATION_HOOK_RUN,
  ANNOTATION_IDENTITY,
  ANNOTATION_PRUNE,
  ANNOTATION_RECONCILE,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
} from "../../../api/group.js";
import { sha256 } from "../../../base/hash.js";
import { pick } from "../../../kube/fields/field-sets.js";
import { applyEntry, fieldsHash } from "../../../kube/fields/managed-fields.js";
import type { LiveMetadata, ManagedFieldsEntry, RawObject } from "../../../kube/object.js";
import { isPrunedLast, joinKeepAnnotations, keepAnnotations } from "../../../manifest/keep-annotations.js";
import { type GroupVersionKind, type ObjectId, objectKey } from "../../../manifest/object-id.js";
import { isRecord } from "../../../manifest/shape.js";
import { waveOf } from "../../../manifest/wave.js";
import type { AppRef, Deletion, Finished, LiveObject, ObjectHealth, Ownership } from "../../../plan/live.js";
import { finishedOf } from "../health/finished.js";
import { type AddedFields, type AdditionsPolicy, addedFields, driftOf, takesFrom } from "../ownership/added-fields.js";
import { hasForeignFields } from "../ownership/authoritative-kinds.js";
import { isLegacy, otherTools } from "../ownership/field-managers.js";
import { appUidOf } from "../ownership/identified-app.js";
import { type Applied, fieldManager, type Installation, parseApplied } from "../ownership/identity.js";
import { isShared } from "../ownership/managed-fields-transfer.js";
import { deletesVolumes } from "./deletes-volumes.js";
import { describeAdded } from "./drift-note.js";

/** The stored part of a watched object: about half a kilobyte, whatever its size. */
export interface ObservedObject {
  readonly id: ObjectId;
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Undefined for kinds without generations. */
  readonly generation: number | undefined;
  readonly app: Pick<AppRef, "namespace" | "name">;
  readonly identity: string | undefined;
  readonly applied: Applied | undefined;
  /** Hash of the app's Apply entry in managedFields; undefined if there is none. */
  readonly entryHash: string | undefined;
  /** Time of the app's entry, in whole seconds. An apply without changes does not update it. */
  readonly entryTime: string | undefined;
  /** Digest of all entries on the main resource, times included. */
  readonly writersDigest: string;
  /** Digest of all entries on subresources. */
  readonly subresourcesDigest: string;
  /** Digest of the spec without `replicas`, if the app does not own that field; undefined otherwise. */
  readonly unscaledDigest: string | undefined;
  /** Digest of labels, annotations, finalizers and owner references. */
  readonly metadataDigest: string;
  /** Digest of the metadata that the app owns, since changes of metadata do not increase the generation. */
  readonly ownMetadataDigest: string;
  readonly deleting: boolean;
  /** State of the deletion, if the API server has reported it. */
  readonly deletion: Deletion | undefined;
  /** Annotations that protect it from deletion, on the live object or in the last applied document. */
  readonly keepAnnotations: readonly string[];
  /** Whether a user has confirmed its deletion on the live object. The annotation in Git does not count. */
  readonly deletionConfirmed: boolean;
  /** Whether a user has paused it on the live object. The annotation in Git does not count. */
  readonly paused: boolean;
  /** Whether it has an entry of a field manager that server-side apply replaces. */
  readonly legacy: boolean;
  /** Whether it is of an authoritative kind and has foreign fields. */
  readonly extras: boolean;
  /** What others added, whether or not it is drift for its app; undefined for most objects. */
  readonly added: readonly AddedFields[] | undefined;
  /** Whether kubectl users and the app own the same fields. */
  readonly shared: boolean;
  /** Field managers of deployment tools that have fields on it; undefined for most objects. */
  readonly tools: readonly string[] | undefined;
  /** Whether its deletion deletes its volume claims. */
  readonly deletesVolumes: boolean;
  readonly health: ObjectHealth;
  /** Digest of the expressions of the app that the health was computed by, if any. */
  readonly healthBy: string | undefined;
  /** Its wave by its annotations. */
  readonly wave: number;
  /** Whether it is annotated to be deleted last. */
  readonly pruneLast: boolean;
  /** The run that it was created for, if it is a hook. */
  readonly hook: string | undefined;
  /** Its result, if it has finished and has a time to live. */
  readonly finished: Finished | undefined;
  /** Entries of other field managers, stored only while the object has drifted. */
  readonly others: readonly ManagedFieldsEntry[] | undefined;
}

/**
 * Reduces an object from a watch or a response. `health`: computed from its status, `healthBy` expressions if any.
 *
 * An object that is nested too deeply to be compared counts as one that the app does not manage: it must not end the watch of its kind,
 * and is never deleted. The limit of documents in Git is 64 levels.
 */
export function observe(
  raw: RawObject,
  kind: GroupVersionKind,
  health: ObjectHealth,
  healthBy?: string,
): ObservedObject {
  try {
    return reduce(raw, kind, health, healthBy);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const metadata = { ...raw.metadata, managedFields: [] };
    return reduce({ ...raw, metadata, spec: undefined }, kind, health, healthBy);
  }
}

function reduce(raw: RawObject, kind: GroupVersionKind, health: ObjectHealth, healthBy?: string): ObservedObject {
  const { metadata } = raw;
  const app = { namespace: metadata.labels?.[LABEL_APP_NAMESPACE] ?? "", name: metadata.labels?.[LABEL_APP] ?? "" };
  const id: ObjectId = { ...kind, namespace: metadata.namespace ?? "", name: metadata.name };
  const entry = applyEntry(metadata, fieldManager(app));
  const entryHash = entry ? fieldsHash(entry) : undefined;
  const applied = parseApplied(metadata.annotations?.[ANNOTATION_APPLIED]);
  const entries = metadata.managedFields ?? [];
  const extras = hasForeignFields(kind, entry, entries);
  const finished = finishedOf(raw, kind);
  const drifted = extras || entryHash === undefined || entryHash !== applied?.fields;
  return {
    id,
    key: objectKey(id),
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    generation: metadata.generation,
    app,
    identity: metadata.annotations?.[ANNOTATION_IDENTITY],
    applied,
    entryHash,
    entryTime: entry?.time,
    writersDigest: digest(entries.filter((candidate) => !candidate.subresource)),
    subresourcesDigest: digest(entries.filter((candidate) => candidate.subresource)),
    unscaledDigest: unscaledDigest(raw, entry),
    metadataDigest: metadataDigest(metadata),
    ownMetadataDigest: digest(entry ? ownMetadata(metadata, entry) : []),
    deleting: metadata.deletionTimestamp !== undefined,
    deletion:
      metadata.deletionTimestamp === undefined
        ? undefined
        : { since: metadata.deletionTimestamp, finalizers: metadata.finalizers ?? [] },
    keepAnnotations: joinKeepAnnotations(keepAnnotations(metadata), applied?.keepAnnotations ?? []),
    deletionConfirmed: isAnnotatedByHand(metadata, entry, ANNOTATION_PRUNE, "confirmed"),
    paused: isAnnotatedByHand(metadata, entry, ANNOTATION_RECONCILE, "disabled"),
    legacy: entries.some(isLegacy),
    extras,
    added: addedFields(kind, entry, entries),
    shared: isShared(entry, entries),
    tools: otherTools(entries),
    deletesVolumes: deletesVolumes(raw, kind),
    health:
      metadata.deletionTimestamp === undefined || finished
        ? health
        : { status: "Progressing", message: "is being deleted" },
    healthBy,
    wave: waveOf(metadata),
    pruneLast: isPrunedLast(metadata),
    hook: metadata.annotations?.[ANNOTATION_HOOK_RUN],
    finished,
    others: drifted ? entries.filter((candidate) => candidate !== entry) : undefined,
  };
}

/** Whether an annotation has a value that was not applied from Git. */
function isAnnotatedByHand(
  { annotations }: LiveMetadata,
  mine: ManagedFieldsEntry | undefined,
  annotation: string,
  value: string,
): boolean {
  const ofGit = pick(mine?.fieldsV1, ["f:metadata", "f:annotations", `f:${annotation}`]);
  return annotations?.[annotation] === value && ofGit === undefined;
}

function digest(value: unknown): string {
  return sha256(JSON.stringify(value), 16);
}

function unscaledDigest({ spec }: RawObject, mine: ManagedFieldsEntry | undefined): string | undefined {
  if (!isRecord(spec) || typeof spec.replicas !== "number" || mine === undefined) return undefined;
  if (pick(mine.fieldsV1, ["f:spec", "f:replicas"]) !== undefined) return undefined;
  const { replicas: _, ...rest } = spec;
  return digest(rest);
}

function metadataDigest(metadata: LiveMetadata): string {
  return digest([
    metadata.labels,
    metadata.annotations,
    metadata.finalizers,
    metadata.ownerReferences,
    metadata.deletionTimestamp,
  ]);
}

/** Returns the values of the metadata that an entry owns. */
function ownMetadata(metadata: LiveMetadata, entry: ManagedFieldsEntry): unknown[] {
  const fields = entry.fieldsV1?.["f:metadata"] ?? {};
  const values = (field: "labels" | "annotations"): unknown[] =>
    Object.keys(fields[`f:${field}`] ?? {}).map((step) => [step, metadata[field]?.[step.slice(2)]]);
  return [
    values("labels"),
    values("annotations"),
    "f:finalizers" in fields ? metadata.finalizers : undefined,
    "f:ownerReferences" in fields ? metadata.ownerReferences : undefined,
  ];
}

/**
 * Whether no field that the app owns can have changed between two states of an object, although its resourceVersion did. With
 * generations: the generation and the app's metadata are unchanged, or only the scale changed. Without: only subresource entries
 * changed. Other writes may change a value without a trace in managedFields, and must be verified.
 */
export function isExplained(previous: ObservedObject, next: ObservedObject): boolean {
  if (previous.uid !== next.uid) return false;
  if (previous.resourceVersion === next.resourceVersion) return true;
  if (next.generation !== undefined && next.generation === previous.generation)
    return previous.ownMetadataDigest === next.ownMetadataDigest;
  if (isScaling(previous, next)) return true;
  return (
    next.generation === undefined &&
    previous.writersDigest === next.writersDigest &&
    previous.metadataDigest === next.metadataDigest &&
    previous.subresourcesDigest !== next.subresourcesDigest
  );
}

/**
 * Whether only `replicas` changed, and the app does not own it, as when an autoscaler scales. Scaling may leave no entry in
 * managedFields (as of 1.35), so the values are compared.
 */
function isScaling(previous: ObservedObject, next: ObservedObject): boolean {
  return (
    next.unscaledDigest !== undefined &&
    previous.unscaledDigest === next.unscaledDigest &&
    previous.ownMetadataDigest === next.ownMetadataDigest
  );
}

/** Determines the ownership of an object. See `Ownership`. */
export function ownershipOf(
  object: ObservedObject,
  app: AppRef,
  installation: Pick<Installation, "digestKey">,
): Ownership {
  const uid = appUidOf(object, installation);
  if (uid === undefined) return "Foreign";
  return object.entryHash !== undefined && uid === app.uid ? "Owned" : "Claimed";
}

/** Converts an object for planning. `verification` and `untracked` are known only to the tracker. */
export function liveObject(
  object: ObservedObject,
  app: AppRef,
  installation: Pick<Installation, "digestKey">,
  verification: "none" | "unverified" | "drifted",
  additions: AdditionsPolicy,
  untracked = false,
): LiveObject {
  const isUntracked = untracked && object.entryHash === undefined;
  const added = driftOf(object.added, object.id, additions);
  const unchanged = isAsApplied(object) || isUntracked;
  // A field that others changed looks like an addition until it is reverted.
  const reported =
    added && unchanged && additions.mode === "Report" ? describeAdded(added, { times: true }) : undefined;
  const asApplied = unchanged && (added === undefined || additions.mode === "Report");
  return {
    id: object.id,
    key: object.key,
    uid: object.uid,
    resourceVersion: object.resourceVersion,
    ownership: ownershipOf(object, app, installation),
    documentHash: object.applied?.document,
    state:
      !asApplied || verification === "drifted" ? "Drifted" : verification === "unverified" ? "Unverified" : "AsApplied",
    ...(isUntracked ? { untracked: true } : {}),
    ...(takesFrom(object.tools, object.id, additions) ? { tool: true } : {}),
    ...(reported === undefined ? {} : { additions: reported }),
    deleting: object.deleting,
    ...(object.deletion ? { deletion: object.deletion } : {}),
    ...(object.keepAnnotations.length === 0 ? {} : { keepAnnotations: object.keepAnnotations }),
    ...(object.deletionConfirmed ? { deletionConfirmed: true } : {}),
    ...(object.paused ? { paused: true } : {}),
    ...(object.deletesVolumes ? { deletesVolumes: true } : {}),
    health: object.health,
    ...(object.hook === undefined ? {} : { hook: object.hook }),
    ...(object.pruneLast ? { pruneLast: true } : {}),
    ...(object.wave === 0 ? {} : { wave: object.wave }),
    ...(object.finished ? { finished: object.finished } : {}),
  };
}

/** Whether, according to managedFields, an object is unchanged since the app's last apply. */
export function isAsApplied(object: ObservedObject): boolean {
  return object.entryHash !== undefined && object.entryHash === object.applied?.fields && !object.extras;
}
