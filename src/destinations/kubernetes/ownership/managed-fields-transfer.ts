import { rfc3339 } from "../../../base/clock.js";
import { type FieldSteps, isEmpty, nest, pick, subtract, without } from "../../../kube/fields/field-sets.js";
import { applyEntry, overlaps, union } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../../../kube/object.js";
import { isHand, isLegacy, isMain, isTool } from "./field-managers.js";

/** Whose books are rewritten, and how our entry looks. */
export interface OwnManager {
  /** Our field manager. */
  readonly manager: string;
  /** apiVersion of an entry that we did not have before. */
  readonly apiVersion: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Makes the fields of former ways of writing ours, so that the apply that follows removes what Git does not have; otherwise
 * they would stay for ever, with "no drift". `tools`: also what deployment tools wrote. `extras`: fields of strict kinds that
 * others added. What people wrote by hand and we set, too, becomes ours alone. Undefined when there is nothing to move.
 */
export function adoptedManagedFields(
  metadata: LiveMetadata,
  ours: OwnManager,
  what: { readonly tools: boolean; readonly extras: FieldsV1 },
): readonly ManagedFieldsEntry[] | undefined {
  const entries = metadata.managedFields ?? [];
  const mine = applyEntry(metadata, ours.manager);
  const held = mine?.fieldsV1 ?? {};
  let fields = union(held, what.extras);
  const rest: ManagedFieldsEntry[] = [];
  for (const entry of entries) {
    if (entry === mine) continue;
    if (!isMain(entry)) rest.push(entry);
    else if (isLegacy(entry) || (what.tools && isTool(entry))) fields = union(fields, entry.fieldsV1 ?? {});
    else rest.push(...lessened(entry, isHand(entry) ? union(held, what.extras) : what.extras));
  }
  const moved = rest.length + (mine ? 1 : 0) < entries.length || rest.some((entry) => !entries.includes(entry));
  return moved ? [...rest, ourEntry(ours, mine, fields)] : undefined;
}

/** Makes single fields ours, whoever had them, or nobody: the apply that follows removes them. */
export function ownedManagedFields(
  metadata: LiveMetadata,
  ours: OwnManager,
  members: readonly FieldSteps[],
): readonly ManagedFieldsEntry[] {
  const entries = metadata.managedFields ?? [];
  const mine = applyEntry(metadata, ours.manager);
  const fields = members.reduce<FieldsV1>(
    (sum, steps) => union(sum, nest(steps, pick(sum, steps) ?? {})),
    mine?.fieldsV1 ?? {},
  );
  const rest = entries
    .filter((entry) => entry !== mine)
    .flatMap((entry) => (isMain(entry) ? withoutAll(entry, members) : [entry]));
  return [...rest, ourEntry(ours, mine, fields)];
}

/** Whether people have written fields by hand that we set, too: when these leave Git, they would stay. */
export function isShared(mine: ManagedFieldsEntry | undefined, entries: readonly ManagedFieldsEntry[]): boolean {
  const fields = mine?.fieldsV1;
  return (
    fields !== undefined &&
    entries.some((entry) => entry !== mine && isMain(entry) && isHand(entry) && overlaps(entry.fieldsV1 ?? {}, fields))
  );
}

function ourEntry(ours: OwnManager, mine: ManagedFieldsEntry | undefined, fieldsV1: FieldsV1): ManagedFieldsEntry {
  return {
    manager: ours.manager,
    operation: "Apply",
    apiVersion: mine?.apiVersion ?? ours.apiVersion,
    time: rfc3339(ours.now),
    fieldsType: "FieldsV1",
    fieldsV1,
  };
}

function lessened(entry: ManagedFieldsEntry, fields: FieldsV1): ManagedFieldsEntry[] {
  const before = entry.fieldsV1 ?? {};
  const left = subtract(before, fields);
  if (isEmpty(left)) return [];
  return JSON.stringify(left) === JSON.stringify(before) ? [entry] : [{ ...entry, fieldsV1: left }];
}

function withoutAll(entry: ManagedFieldsEntry, members: readonly FieldSteps[]): ManagedFieldsEntry[] {
  const left = members.reduce<FieldsV1>((fields, steps) => without(fields, steps), entry.fieldsV1 ?? {});
  return isEmpty(left) ? [] : [{ ...entry, fieldsV1: left }];
}
