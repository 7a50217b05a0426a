import { GROUP } from "../api/group.js";
import { displayId, type ObjectId } from "../manifest/object-id.js";

/** Why an object has to be kept because another one is. */
export interface Need {
  /** True if its deletion would delete the other object; false if the other object may depend on it. */
  readonly holds: boolean;
  readonly message: string;
}

/** Objects that are not deleted. */
export interface Others {
  /** All of them: kept, or transferred to another app. */
  readonly staying: readonly ObjectId[];
  /** Those kept by this app. */
  readonly kept: readonly ObjectId[];
}

/** Kinds that run workloads, and may depend on configuration in their namespace. */
const WORKERS: ReadonlySet<string> = new Set([
  "/Pod",
  "/ReplicationController",
  "apps/DaemonSet",
  "apps/Deployment",
  "apps/ReplicaSet",
  "apps/StatefulSet",
  "batch/CronJob",
  "batch/Job",
  `${GROUP}/OverseerApp`,
  `${GROUP}/GitRepository`,
]);

/** Kinds that such an object may reference in its namespace. */
const HELPERS: ReadonlySet<string> = new Set([
  "/ConfigMap",
  "/Secret",
  "/ServiceAccount",
  "/PersistentVolumeClaim",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
  `${GROUP}/GitRepository`,
]);

/** Permission kinds that are kept for apps, which act in namespaces other than their own. */
const RIGHTS: ReadonlySet<string> = new Set([
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
]);

/**
 * Returns why an object has to be kept because of others that are, if so. Deleting a Namespace or CustomResourceDefinition deletes
 * its content, and a kept workload may depend on accounts, permissions and configuration in its namespace. Actual references
 * are not resolved: rather too much is kept, and the message gives the reason.
 */
export function neededByKept(id: ObjectId, others: Others): Need | undefined {
  const held = others.staying.find((other) => holds(id, other));
  if (held !== undefined)
    return { holds: true, message: `kept because it still holds ${displayId(held)}, which is kept` };
  let user: ObjectId | undefined;
  for (const other of others.kept)
    if (helps(id, other) && (user === undefined || appsFirst(other, user) < 0)) user = other;
  if (user === undefined) return undefined;
  return { holds: false, message: `kept because ${displayId(user)}, which is kept, may need it` };
}

/** Reports whether the deletion of an object also deletes the other one. */
function holds(id: ObjectId, other: ObjectId): boolean {
  if (kindOf(id) === "/Namespace") return other.namespace === id.name;
  return (
    kindOf(id) === "apiextensions.k8s.io/CustomResourceDefinition" &&
    other.group === id.name.slice(id.name.indexOf(".") + 1)
  );
}

/** Orders users for a stable message: apps before repositories. */
function appsFirst(a: ObjectId, b: ObjectId): number {
  const [one, other] = [a, b].map((id) => `${id.kind === "OverseerApp" ? 0 : 1} ${displayId(id)}`);
  return one === other ? 0 : (one ?? "") < (other ?? "") ? -1 : 1;
}

function helps(id: ObjectId, other: ObjectId): boolean {
  if (!WORKERS.has(kindOf(other))) return false;
  if (other.namespace === id.namespace && HELPERS.has(kindOf(id))) return true;
  return kindOf(other) === `${GROUP}/OverseerApp` && RIGHTS.has(kindOf(id));
}

function kindOf({ group, kind }: ObjectId): string {
  return `${group}/${kind}`;
}
