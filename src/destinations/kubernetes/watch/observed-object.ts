import {
  ANNOTATION_APPLIED,
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
import { joinKeepAnnotations, keepAnnotations } from "../../../manifest/keep-annotations.js";
import { type GroupVersionKind, type ObjectId, objectKey } from "../../../manifest/object-id.js";
import { isRecord } from "../../../manifest/shape.js";
import type { AppRef, Deletion, Finished, LiveObject, ObjectHealth, Ownership } from "../../../plan/live.js";
import { finishedOf } from "../health/finished.js";
import { hasForeignFields } from "../ownership/authoritative-kinds.js";
import { isLegacy } from "../ownership/field-managers.js";
import { type Applied, fieldManager, type Installation, identifiedApp, parseApplied } from "../ownership/identity.js";
import { isShared } from "../ownership/managed-fields-transfer.js";

/** All that is kept of a watched object: about half a kilobyte, whatever its size. */
export interface ObservedObject {
  readonly id: ObjectId;
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Undefined for kinds that do not count generations. */
  readonly generation: number | undefined;
  readonly app: Pick<AppRef, "namespace" | "name">;
  readonly identity: string | undefined;
  readonly applied: Applied | undefined;
  /** Hash of our Apply entry; undefined: there is none. */
  readonly entryHash: string | undefined;
  /** When our entry last took effect, in whole seconds. An apply that changes nothing leaves it as it is. */
  readonly entryTime: string | undefined;
  /** Digest of all entries on the main resource, times included. */
  readonly writersDigest: string;
  /** Digest of all entries on subresources. */
  readonly subresourcesDigest: string;
  /** Digest of the spec without the number of replicas, where this number is not ours; undefined elsewhere. */
  readonly unscaledDigest: string | undefined;
  /** Digest of labels, annotations, finalizers and owners. */
  readonly metadataDigest: string;
  /** Digest of those labels and so on that our entry holds: what Git says of the metadata, which counts no generations. */
  readonly ownMetadataDigest: string;
  readonly deleting: boolean;
  /** How the deletion stands, where the API server has shown it. */
  readonly deletion: Deletion | undefined;
  /** Marks that keep it, on it now or in the document that was applied last. */
  readonly keepAnnotations: readonly string[];
  /** Whether a person has confirmed its deletion. What Git says of this annotation does not count. */
  readonly deletionConfirmed: boolean;
  /** Whether a person has annotated it to be left as it is. What Git says of this annotation does not count. */
  readonly paused: boolean;
  /** Whether it has an entry of a way of writing that apply replaces. */
  readonly legacy: boolean;
  /** Whether others have added fields to an object of a kind of which Git says all. */
  readonly extras: boolean;
  /** Whether people have written fields by hand that we set, too. */
  readonly shared: boolean;
  readonly health: ObjectHealth;
  /** How it ended, if it has, and is deleted by its own time to live. */
  readonly finished: Finished | undefined;
  /** The other writers, kept only while the object has drifted: who to name. */
  readonly others: readonly ManagedFieldsEntry[] | undefined;
}

/** Reduces an object from a watch or an answer. `health` is what its status says. */
export function observe(raw: RawObject, kind: GroupVersionKind, health: ObjectHealth): ObservedObject {
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
    shared: isShared(entry, entries),
    health:
      metadata.deletionTimestamp === undefined || finished
        ? health
        : { status: "Progressing", message: "is being deleted" },
    finished,
    others: drifted ? entries.filter((candidate) => candidate !== entry) : undefined,
  };
}

/** Whether an annotation has a value that does not come from Git. */
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

/** The values of the metadata that an entry holds. */
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
 * Whether nothing that we set can have changed between two states of an object, although its resourceVersion moved:
 * where generations are counted, an equal generation and equal labels and annotations of ours, or one that scaling
 * accounts for; elsewhere, that subresource writers and nothing else changed.
 * Other writes may change a value without any trace in the managed fields, and must be verified.
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
 * Whether a generation is that of a number of replicas which is not ours, as an autoscaler changes it all day: it leaves no
 * entry where nobody had set it (tried on 1.35), so that only the values tell.
 */
function isScaling(previous: ObservedObject, next: ObservedObject): boolean {
  return (
    next.unscaledDigest !== undefined &&
    previous.unscaledDigest === next.unscaledDigest &&
    previous.ownMetadataDigest === next.ownMetadataDigest
  );
}

/** Whose an object is, as far as it says and proves itself. See `Ownership`. */
export function ownershipOf(object: ObservedObject, app: AppRef, marker: Pick<Installation, "digestKey">): Ownership {
  const uid = identifiedApp(marker, object.identity, object.key);
  if (uid === undefined) return "Foreign";
  return object.entryHash !== undefined && uid === app.uid ? "Owned" : "Claimed";
}

/** The object as planning sees it. `doubt` and `untracked` are what the tracker knows beyond what it says itself. */
export function liveObject(
  object: ObservedObject,
  app: AppRef,
  marker: Pick<Installation, "digestKey">,
  verification: "none" | "unverified" | "drifted",
  untracked = false,
): LiveObject {
  const bookless = untracked && object.entryHash === undefined;
  const asApplied = isAsApplied(object) || bookless;
  return {
    id: object.id,
    key: object.key,
    uid: object.uid,
    resourceVersion: object.resourceVersion,
    ownership: ownershipOf(object, app, marker),
    documentHash: object.applied?.document,
    state:
      !asApplied || verification === "drifted" ? "Drifted" : verification === "unverified" ? "Unverified" : "AsApplied",
    ...(bookless ? { untracked: true } : {}),
    deleting: object.deleting,
    ...(object.deletion ? { deletion: object.deletion } : {}),
    ...(object.keepAnnotations.length === 0 ? {} : { keepAnnotations: object.keepAnnotations }),
    ...(object.deletionConfirmed ? { deletionConfirmed: true } : {}),
    ...(object.paused ? { paused: true } : {}),
    health: object.health,
    ...(object.finished ? { finished: object.finished } : {}),
  };
}

/** Whether the books show an object as our last apply left it. */
export function isAsApplied(object: ObservedObject): boolean {
  return object.entryHash !== undefined && object.entryHash === object.applied?.fields && !object.extras;
}

/** Whether people ask the same of both states: to leave it as it is, to keep it, or to let it be deleted. */
export function sameRequests(a: ObservedObject, b: ObservedObject): boolean {
  return (
    a.paused === b.paused &&
    a.deletionConfirmed === b.deletionConfirmed &&
    a.keepAnnotations.length === b.keepAnnotations.length &&
    a.keepAnnotations.every((mark, at) => mark === b.keepAnnotations[at])
  );
}

/** Whether two states are equally well, and equally far on their way out. */
export function sameHealth(a: ObservedObject, b: ObservedObject): boolean {
  return (
    a.health.status === b.health.status &&
    a.health.message === b.health.message &&
    a.deleting === b.deleting &&
    a.finished?.result === b.finished?.result &&
    a.deletion?.finalizers.join() === b.deletion?.finalizers.join()
  );
}
