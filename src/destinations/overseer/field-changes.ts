import type { FieldChange } from "../../api/change.js";
import type { Json } from "../../base/hash.js";
import { diffObjects } from "../../manifest/diff/diff.js";
import type { KubeObject } from "../../manifest/document.js";
import type { Desired } from "./desired-spec.js";
import type { Managed } from "./kinds/core-kind.js";
import type { CoreState } from "./state/core-state.js";

/** Limits per object: of fields, and of the length of a value. A Change shows less. */
const MAX_FIELDS = 10_000;
const MAX_VALUE = 2 ** 20;

/** Returns the fields in which a resource differs from its document, with names instead of ids. */
export function fieldChanges({ rules, spec, document }: Desired, record: Managed, state: CoreState): FieldChange[] {
  const live = asObject(document.object, rules.show(rules.content(record), state));
  const desired = asObject(document.object, rules.show(rules.desired(spec, document.id.name, state), state));
  const { entries, omitted } = diffObjects(live, desired, MAX_FIELDS, MAX_VALUE);
  const changes = entries.map(({ path, from, to }) => ({
    path,
    ...(rules.confidential || from === undefined ? {} : { from }),
    ...(rules.confidential || to === undefined ? {} : { to }),
  }));
  return omitted === 0 ? changes : [...changes, { path: `and ${omitted} more` }];
}

function asObject({ apiVersion, kind, metadata }: KubeObject, spec: Json): KubeObject {
  return { apiVersion, kind, metadata: { name: metadata.name }, spec };
}
