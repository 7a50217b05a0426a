import type { FieldChange } from "../../api/change.js";
import type { Json } from "../../base/hash.js";
import { diffObjects } from "../../manifest/diff/diff.js";
import type { KubeObject } from "../../manifest/document.js";
import type { Managed } from "./kinds/core-kind.js";
import type { CoreState } from "./state/core-state.js";
import type { Wanted } from "./wanted-spec.js";

/** Fields of one object; with the line about the rest they fit into a Change. */
const MAX_FIELDS = 99;

/** Fields in which a resource differs from what a document wants, with names for ids. */
export function fieldChanges({ rules, spec, document }: Wanted, seen: Managed, state: CoreState): FieldChange[] {
  const live = asObject(document.object, rules.show(rules.content(seen), state));
  const wanted = asObject(document.object, rules.show(rules.wanted(spec, document.id.name, state), state));
  const { entries, omitted } = diffObjects(live, wanted, MAX_FIELDS);
  const changes = entries.map(({ path, from, to }) => ({
    path,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }));
  return omitted === 0 ? changes : [...changes, { path: `and ${omitted} more` }];
}

function asObject({ apiVersion, kind, metadata }: KubeObject, spec: Json): KubeObject {
  return { apiVersion, kind, metadata: { name: metadata.name }, spec };
}
