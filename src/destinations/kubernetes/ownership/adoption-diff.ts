import type { FieldChange } from "../../../api/change.js";
import { canonicalJson } from "../../../base/hash.js";
import { type FieldSteps, leavesOf, nest, subtract } from "../../../kube/fields/field-sets.js";
import { applyEntry, fieldPaths, union } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, RawObject } from "../../../kube/object.js";
import { maskConfidential } from "../../../manifest/diff/confidential.js";
import { maskSecrets } from "../../../manifest/diff/mask.js";
import { showValue } from "../../../manifest/diff/show-value.js";
import type { Document, KubeObject } from "../../../manifest/document.js";
import { type AdditionsPolicy, addedFields, revertedOf, unionOf } from "./added-fields.js";
import { foreignFields } from "./authoritative-kinds.js";
import { isLegacy, isMain, isTool } from "./field-managers.js";
import { follow } from "./follow-step.js";

/** Limit of reported fields per object. */
const MAX_FIELDS = 200;
/** Limit of fields that are compared with their defaults. */
const MAX_COMPARED = 2000;

/**
 * Returns the fields that an adoption removes because the document does not have them: those of the field managers that it
 * replaces, additions that `sync.additions` reverts and, for authoritative kinds, those of all others. The dry run does not show them, since it runs before the transfer. Fields that get the same value again, by a default of the API server, are not among them if `fresh` is the
 * document as a new object.
 */
export function adoptionRemoves(
  live: RawObject,
  document: Document,
  dry: RawObject,
  manager: string,
  policy: AdditionsPolicy,
  fresh?: RawObject,
): FieldChange[] {
  const entries = live.metadata.managedFields ?? [];
  const mine = applyEntry(dry.metadata, manager);
  const moving = entries.filter((entry) => isMain(entry) && (isLegacy(entry) || (policy.tools && isTool(entry))));
  const added = revertedOf(addedFields(document.id, mine, entries), document.id, policy);
  const fields = moving.reduce<FieldsV1>(
    (sum, entry) => union(sum, entry.fieldsV1 ?? {}),
    union(foreignFields(document.id, mine, entries), unionOf(added)),
  );
  const masked = maskConfidential(maskSecrets(live as unknown as KubeObject));
  const removed = leavesOf(subtract(fields, mine?.fieldsV1 ?? {}), MAX_COMPARED).filter(
    (steps) => fresh === undefined || !isSame(steps, live, fresh),
  );
  return removed.slice(0, MAX_FIELDS).flatMap((steps) => {
    const value = steps.reduce<unknown>((found, step) => follow(step, found), masked);
    const [path] = fieldPaths(nest(steps, {}), 1);
    return path === undefined || value === undefined || isBookkeeping(steps) ? [] : [{ path, from: showValue(value) }];
  });
}

/** Whether both objects have a field, with the same value. */
function isSame(steps: FieldSteps, live: RawObject, fresh: RawObject): boolean {
  const valueIn = (object: RawObject): unknown => steps.reduce<unknown>((found, step) => follow(step, found), object);
  const value = valueIn(live);
  return value !== undefined && canonicalJson(value) === canonicalJson(valueIn(fresh));
}

/** Annotations that tools write for their own use are not worth reporting. */
function isBookkeeping(steps: readonly string[]): boolean {
  return steps[1] === "f:annotations" && /last-applied-configuration$/.test(steps[2] ?? "");
}
