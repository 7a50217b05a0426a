import type { FieldChange } from "../../../api/change.js";
import type { RawObject } from "../../../kube/object.js";
import { diffObjects } from "../../../manifest/diff/diff.js";
import type { KubeObject } from "../../../manifest/document.js";

/** Limit of fields per object; with the "and N more" line they fit into a Change. */
const MAX_FIELDS = 99;

/** Diffs the live object against the result of a dry run. Secret values are masked. */
export function liveDiff(live: RawObject, dry: RawObject): FieldChange[] {
  const { entries, omitted } = diffObjects(live as unknown as KubeObject, dry as unknown as KubeObject, MAX_FIELDS);
  const changes = entries.map(({ path, from, to }) => ({
    path,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }));
  return omitted === 0 ? changes : [...changes, { path: `and ${omitted} more` }];
}
