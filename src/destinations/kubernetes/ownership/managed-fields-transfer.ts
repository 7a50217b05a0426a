import { rfc3339 } from "../../../base/clock.js";
import { type FieldSteps, isEmpty, nest, pick, subtract, without } from "../../../kube/fields/field-sets.js";
import { applyEntry, overlaps, union } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../../../kube/object.js";
import { isHand, isLegacy, isMain, isTool, isUnattributed } from "./field-managers.js";

/** The app's field manager, for rewriting managedFields. */
export interface OwnManager {
  /** Name of the field manager. */
  readonly manager: string;
  /** apiVersion of a new entry. */
  readonly apiVersion: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Moves the fields of replaced field managers to the app's entry, so that the next apply removes those that are not in Git.
 * Otherwise they would stay forever without being drift. `tools`: also move the fields of deployment tools. `extras`: fields of
 * any manager that are moved. `keepsApplied`: what people add by `kubectl apply` is theirs. Fields that kubectl users and the app
 * both set become the app's alone. Returns undefined if there is nothing to move.
 */
export function adoptedManagedFields(
  metadata: LiveMetadata,
  ours: OwnManager,
  options: { readonly tools: boolean; readonly extras: FieldsV1; readonly keepsApplied?: boolean },
): readonly ManagedFieldsEntry[] | undefined {
  const entries = metadata.managedFields ?? [];
  const mine = applyEntry(metadata, ours.manager);
  const owned = mine?.fieldsV1 ?? {};
  let fields = union(owned, options.extras);
  const others: ManagedFieldsEntry[] = [];
  const versions = new Set<string | undefined>();
  for (const entry of entries) {
    if (entry === mine) continue;
    if (!isMain(entry)) others.push(entry);
    else if (isMoved(entry, options)) {
      fields = union(fields, entry.fieldsV1 ?? {});
      versions.add(entry.apiVersion);
    } else {
      const shared = isHand(entry) || isLegacy(entry);
      others.push(...withoutFields(entry, shared ? union(owned, options.extras) : options.extras));
    }
  }
  const moved = others.length + (mine ? 1 : 0) < entries.length || others.some((entry) => !entries.includes(entry));
  // Field names are those of a version: under that, the API server converts them when the document of another version is applied.
  const [version, ...otherVersions] = isEmpty(options.extras) ? versions : [];
  const named = version !== undefined && otherVersions.length === 0 ? { ...ours, apiVersion: version } : ours;
  return moved ? [...others, ourEntry(named, mine, fields)] : undefined;
}

function isMoved(entry: ManagedFieldsEntry, options: { tools: boolean; keepsApplied?: boolean }): boolean {
  if (isLegacy(entry)) return options.keepsApplied !== true || isUnattributed(entry);
  return options.tools && isTool(entry);
}

/** Moves single fields to the app's entry, regardless of their owner, so that the next apply removes them. */
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
  const others = entries
    .filter((entry) => entry !== mine)
    .flatMap((entry) => (isMain(entry) ? withoutAll(entry, members) : [entry]));
  return [...others, ourEntry(ours, mine, fields)];
}

/** Whether kubectl users and the app own the same fields: these would stay when they are removed from Git. */
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

function withoutFields(entry: ManagedFieldsEntry, fields: FieldsV1): ManagedFieldsEntry[] {
  const before = entry.fieldsV1 ?? {};
  const left = subtract(before, fields);
  if (isEmpty(left)) return [];
  return JSON.stringify(left) === JSON.stringify(before) ? [entry] : [{ ...entry, fieldsV1: left }];
}

function withoutAll(entry: ManagedFieldsEntry, members: readonly FieldSteps[]): ManagedFieldsEntry[] {
  const left = members.reduce<FieldsV1>((fields, steps) => without(fields, steps), entry.fieldsV1 ?? {});
  return isEmpty(left) ? [] : [{ ...entry, fieldsV1: left }];
}
