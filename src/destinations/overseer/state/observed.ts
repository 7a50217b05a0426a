import { CORE_OBJECT_GROUP, CORE_OBJECT_VERSION } from "../../../api/core/objects.js";
import { ANNOTATION_PRUNE } from "../../../api/group.js";
import { joinKeepAnnotations } from "../../../manifest/keep-annotations.js";
import { type ObjectId, objectKey } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import type { CoreKind, Managed } from "../kinds/core-kind.js";
import { contentDigest, type OwnershipRecord, ownershipOf } from "../ownership-record.js";
import type { CoreState } from "./core-state.js";

/** What a resource says of itself, worked out once for each state of it. */
interface Reading {
  readonly ownership: OwnershipRecord | undefined;
  readonly content: string;
}

const readings = new WeakMap<Managed, Reading>();

/** The mark on a resource and the digest of its content. */
export function readingOf(rules: CoreKind, seen: Managed, digestKey: string): Reading {
  const known = readings.get(seen);
  if (known) return known;
  const reading = { ownership: ownershipOf(seen.metadata), content: contentDigest(rules.content(seen), digestKey) };
  readings.set(seen, reading);
  return reading;
}

/** The identity of a resource, in the form that documents have. */
export function coreObjectId(kind: string, name: string): ObjectId {
  return { group: CORE_OBJECT_GROUP, version: CORE_OBJECT_VERSION, kind, namespace: "", name };
}

function keepAnnotationsOf({ keepAnnotations, pruneDisabled }: OwnershipRecord): Pick<LiveObject, "keepAnnotations"> {
  const marks = pruneDisabled
    ? joinKeepAnnotations(keepAnnotations, [`${ANNOTATION_PRUNE}: disabled`])
    : keepAnnotations;
  return marks.length === 0 ? {} : { keepAnnotations: marks };
}

/** A resource of a Core as planning needs to know it, for the app that its mark names. */
export function liveObject(
  rules: CoreKind,
  seen: Managed,
  mark: OwnershipRecord,
  state: CoreState,
  digestKey: string,
): LiveObject {
  const id = coreObjectId(rules.kind, rules.nameOf(seen));
  const { content } = readingOf(rules, seen, digestKey);
  const pending = content === mark.content ? rules.pending(seen, state) : undefined;
  const asApplied = content === mark.content && rules.refersTo(seen, mark.refs, state) && pending === undefined;
  return {
    id,
    key: objectKey(id),
    uid: seen.id,
    resourceVersion: seen.revision === undefined ? "" : String(seen.revision),
    ownership: "Owned",
    // An app that was made and not deployed yet is not what the document wants, whatever it looks like.
    documentHash: pending === undefined ? mark.document : undefined,
    ...(pending === undefined ? {} : { unfinished: pending }),
    state: asApplied ? "AsApplied" : "Drifted",
    deleting: false,
    ...keepAnnotationsOf(mark),
    health: rules.health(seen, state),
  };
}
