import { childOf, isEmpty, subtract } from "../../../kube/fields/field-sets.js";
import { union } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../../kube/object.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import { isMain } from "./field-managers.js";

/**
 * Fields for which Git is authoritative: additions by other managers would grant unreviewed access, although apply merges them.
 * Named as in managedFields.
 */
const ROOTS: Readonly<Record<string, readonly string[]>> = {
  "networking.k8s.io/NetworkPolicy": ["f:spec"],
  "rbac.authorization.k8s.io/Role": ["f:rules"],
  "rbac.authorization.k8s.io/ClusterRole": ["f:rules", "f:aggregationRule"],
  "rbac.authorization.k8s.io/RoleBinding": ["f:subjects", "f:roleRef"],
  "rbac.authorization.k8s.io/ClusterRoleBinding": ["f:subjects", "f:roleRef"],
};

/** Returns the fields of a kind for which Git is authoritative; undefined for most kinds. */
export function authoritativeRoots(kind: Pick<GroupVersionKind, "group" | "kind">): readonly string[] | undefined {
  return ROOTS[`${kind.group}/${kind.kind}`];
}

/**
 * Returns the fields that other managers added to an object of an authoritative kind, except rules that an aggregation fills in.
 * Empty for all other kinds, where additions are allowed.
 */
export function foreignFields(
  kind: Pick<GroupVersionKind, "group" | "kind">,
  mine: ManagedFieldsEntry | undefined,
  entries: readonly ManagedFieldsEntry[],
): FieldsV1 {
  const roots = authoritativeRoots(kind);
  if (roots === undefined || mine?.fieldsV1 === undefined) return {};
  const aggregated = childOf(mine.fieldsV1, "f:aggregationRule") !== undefined;
  let extras: FieldsV1 = {};
  for (const entry of entries) {
    if (entry === mine || !isMain(entry)) continue;
    extras = union(extras, subtract(atRoots(entry.fieldsV1 ?? {}, roots, aggregated), mine.fieldsV1));
  }
  return extras;
}

/** Whether there are foreign fields. */
export function hasForeignFields(...of: Parameters<typeof foreignFields>): boolean {
  return !isEmpty(foreignFields(...of));
}

function atRoots(fields: FieldsV1, roots: readonly string[], aggregated: boolean): FieldsV1 {
  const authoritative = roots.filter((root) => !(aggregated && root === "f:rules"));
  return Object.fromEntries(Object.entries(fields).filter(([step]) => authoritative.includes(step)));
}
