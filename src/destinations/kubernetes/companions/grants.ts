import type { Document } from "../../../manifest/document.js";
import { isRecord } from "../../../manifest/shape.js";

const RBAC = "rbac.authorization.k8s.io";

/** Whether a document is a Role or ClusterRole. */
export function isRole({ id }: Document): boolean {
  return id.group === RBAC && (id.kind === "Role" || id.kind === "ClusterRole");
}

/** Whether a document is a RoleBinding or ClusterRoleBinding. */
export function isBinding({ id }: Document): boolean {
  return id.group === RBAC && (id.kind === "RoleBinding" || id.kind === "ClusterRoleBinding");
}

/** Whether a role has a rule for a resource. */
export function grants(role: Document, group: string, resource: string): boolean {
  return records(role.object.rules).some(
    ({ apiGroups, resources }) => holds(apiGroups, group) && holds(resources, resource),
  );
}

/** The roles that documents bind to a user. Empty for an unknown user, for whom every binding may apply. */
export class BoundRoles {
  readonly #keys = new Set<string>();

  constructor(documents: readonly Document[], user: string | undefined) {
    if (user === undefined) return;
    for (const document of documents) {
      const { roleRef } = document.object;
      if (!isBinding(document) || !isRecord(roleRef) || !bindsUser(document, user)) continue;
      this.#keys.add(roleKey(roleRef.kind, document.id.namespace, roleRef.name));
    }
  }

  has({ id }: Document): boolean {
    return this.#keys.has(roleKey(id.kind, id.namespace, id.name));
  }
}

function roleKey(kind: unknown, namespace: string, name: unknown): string {
  return JSON.stringify([kind, kind === "ClusterRole" ? "" : namespace, name]);
}

/** Whether the rules of a ClusterRole are aggregated into others, by its labels. */
export function isAggregated(role: Document): boolean {
  return Object.keys(role.object.metadata.labels ?? {}).some((label) => label.includes("aggregate-to-"));
}

/** Whether a binding refers to a role. */
export function binds(binding: Document, role: Document): boolean {
  const { roleRef } = binding.object;
  if (!isRecord(roleRef) || roleRef.kind !== role.id.kind || roleRef.name !== role.id.name) return false;
  return role.id.kind === "ClusterRole" || role.id.namespace === binding.id.namespace;
}

/**
 * Whether a binding applies to a user, by name or by a group of all ServiceAccounts. If `user` is undefined, the user is unknown
 * and any binding may apply.
 */
export function bindsUser(binding: Document, user: string | undefined): boolean {
  if (user === undefined) return true;
  const [, , namespace, name] = user.split(":");
  const groups = ["system:authenticated", "system:serviceaccounts", `system:serviceaccounts:${namespace}`];
  return records(binding.object.subjects).some((subject) => {
    if (subject.kind === "ServiceAccount")
      return subject.name === name && (subject.namespace ?? binding.id.namespace) === namespace;
    return subject.kind === "User" ? subject.name === user : groups.includes(String(subject.name));
  });
}

function holds(list: unknown, value: string): boolean {
  return Array.isArray(list) && (list.includes("*") || list.includes(value));
}

function records(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
