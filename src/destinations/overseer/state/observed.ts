import { CORE_OBJECT_GROUP, CORE_OBJECT_VERSION } from "../../../api/core/objects.js";
import { ANNOTATION_PRUNE } from "../../../api/group.js";
import { joinKeepAnnotations } from "../../../manifest/keep-annotations.js";
import { type ObjectId, objectKey } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import type { CoreKind, Managed } from "../kinds/core-kind.js";
import { contentDigest, type OwnershipRecord, ownershipOf } from "../ownership-record.js";
import type { CoreState } from "./core-state.js";

/** Ownership record and content digest of a resource, cached per record. */
interface Reading {
  readonly ownership: OwnershipRecord | undefined;
  readonly content: string;
}

const readings = new WeakMap<Managed, Reading>();

/** Returns the ownership record of a resource and the digest of its content. */
export function readingOf(rules: CoreKind, record: Managed, digestKey: string): Reading {
  const known = readings.get(record);
  if (known) return known;
  const reading = { ownership: ownershipOf(record.metadata), content: contentDigest(rules.content(record), digestKey) };
  readings.set(record, reading);
  return reading;
}

/** Returns the object id of a resource. */
export function coreObjectId(kind: string, name: string): ObjectId {
  return { group: CORE_OBJECT_GROUP, version: CORE_OBJECT_VERSION, kind, namespace: "", name };
}

function keepAnnotationsOf({ keepAnnotations, pruneDisabled }: OwnershipRecord): Pick<LiveObject, "keepAnnotations"> {
  const keep = pruneDisabled
    ? joinKeepAnnotations(keepAnnotations, [`${ANNOTATION_PRUNE}: disabled`])
    : keepAnnotations;
  return keep.length === 0 ? {} : { keepAnnotations: keep };
}

/** Converts a resource of a Core to a live object of the app that owns it. */
export function liveObject(
  rules: CoreKind,
  record: Managed,
  ownership: OwnershipRecord,
  state: CoreState,
  digestKey: string,
): LiveObject {
  const id = coreObjectId(rules.kind, rules.nameOf(record));
  const { content } = readingOf(rules, record, digestKey);
  const pending = content === ownership.content ? rules.pending(record, state) : undefined;
  const asApplied =
    content === ownership.content && rules.refersTo(record, ownership.refs, state) && pending === undefined;
  return {
    id,
    key: objectKey(id),
    uid: record.id,
    resourceVersion: record.revision === undefined ? "" : String(record.revision),
    ownership: "Owned",
    // An app that was created but not deployed does not match its document, whatever its content.
    documentHash: pending === undefined ? ownership.document : undefined,
    ...(pending === undefined ? {} : { unfinished: pending }),
    state: asApplied ? "AsApplied" : "Drifted",
    deleting: false,
    ...keepAnnotationsOf(ownership),
    health: rules.health(record, state),
  };
}
