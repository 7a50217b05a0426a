import { childOf, isEmpty, subtract } from "../../../kube/fields/field-sets.js";
import { union } from "../../../kube/fields/managed-fields.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../../kube/object.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import { isMain } from "./field-managers.js";

/**
 * Kinds of which Git says all: what somebody adds to them gives access that nobody has reviewed, although apply merges it.
 * Their fields by the names that the API server's books have for them.
 */
const STRICT: Readonly<Record<string, readonly string[]>> = {
  "networking.k8s.io/NetworkPolicy": ["f:spec"],
  "rbac.authorization.k8s.io/Role": ["f:rules"],
  "rbac.authorization.k8s.io/ClusterRole": ["f:rules", "f:aggregationRule"],
  "rbac.authorization.k8s.io/RoleBinding": ["f:subjects", "f:roleRef"],
  "rbac.authorization.k8s.io/ClusterRoleBinding": ["f:subjects", "f:roleRef"],
};

/** The fields of which Git says all, in objects of a kind; undefined for most kinds. */
export function authoritativeRoots(kind: Pick<GroupVersionKind, "group" | "kind">): readonly string[] | undefined {
  return STRICT[`${kind.group}/${kind.kind}`];
}

/**
 * What others have added to an object of a strict kind: fields that they own and we do not. Rules that an aggregation fills
 * in are not among them. Empty for all other kinds, where additions are left alone.
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

/** Whether others have added anything. */
export function hasForeignFields(...of: Parameters<typeof foreignFields>): boolean {
  return !isEmpty(foreignFields(...of));
}

function atRoots(fields: FieldsV1, roots: readonly string[], aggregated: boolean): FieldsV1 {
  const wanted = roots.filter((root) => !(aggregated && root === "f:rules"));
  return Object.fromEntries(Object.entries(fields).filter(([step]) => wanted.includes(step)));
}
