import type { FieldChange } from "../../../api/change.js";
import type { RawObject } from "../../../kube/object.js";
import { diffObjects } from "../../../manifest/diff/diff.js";
import { REDACTED } from "../../../manifest/diff/mask.js";
import type { Document, KubeObject } from "../../../manifest/document.js";
import { wasConfidential } from "../kubernetes-context.js";

/** Limits per object, which is at most 1.5 MiB: of fields, and of the length of a value. A Change shows less. */
const MAX_FIELDS = 10_000;
const MAX_VALUE = 2 ** 20;

/**
 * Diffs the live object against the result of a dry run. Secret values are masked, and all values if the document holds values of
 * Secrets, or did when it was last applied.
 */
export function liveDiff(
  live: RawObject,
  dry: RawObject,
  { confidential = false }: Pick<Document, "confidential">,
): FieldChange[] {
  const isMasked = confidential || wasConfidential(live.metadata.annotations);
  const changes = visibleDiff(live, dry);
  return isMasked ? withoutValues(changes) : changes;
}

/** The same changes without their values. */
export function withoutValues(changes: readonly FieldChange[]): FieldChange[] {
  return changes.map(({ path, from, to }) => ({
    path,
    ...(from === undefined ? {} : { from: REDACTED }),
    ...(to === undefined ? {} : { to: REDACTED }),
  }));
}

function visibleDiff(live: RawObject, dry: RawObject): FieldChange[] {
  const { entries, omitted } = diffObjects(
    live as unknown as KubeObject,
    dry as unknown as KubeObject,
    MAX_FIELDS,
    MAX_VALUE,
  );
  const changes = entries.map(({ path, from, to }) => ({
    path,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }));
  return omitted === 0 ? changes : [...changes, { path: `and ${omitted} more` }];
}
