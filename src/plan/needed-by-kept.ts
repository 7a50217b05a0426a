import { GROUP } from "../api/group.js";
import { displayId, type ObjectId } from "../manifest/object-id.js";

/** Why an object has to stay since another one stays. */
export interface Need {
  /** Whether its deletion would take the other one along; otherwise the other one may work with it. */
  readonly holds: boolean;
  readonly message: string;
}

/** The objects beside it that are not deleted. */
export interface Others {
  /** All of them: kept, or handed over to another app. */
  readonly staying: readonly ObjectId[];
  /** Those that are kept. */
  readonly kept: readonly ObjectId[];
}

/** Kinds that run something, or have something run for them, with the help of what is configured beside them. */
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

/** What such an object may name, or act by, in its own namespace. */
const HELPERS: ReadonlySet<string> = new Set([
  "/ConfigMap",
  "/Secret",
  "/ServiceAccount",
  "/PersistentVolumeClaim",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
  `${GROUP}/GitRepository`,
]);

/** Rights beyond a namespace: kept for apps, which act in other namespaces than their own. */
const RIGHTS: ReadonlySet<string> = new Set([
  "rbac.authorization.k8s.io/ClusterRole",
  "rbac.authorization.k8s.io/ClusterRoleBinding",
  "rbac.authorization.k8s.io/Role",
  "rbac.authorization.k8s.io/RoleBinding",
]);

/**
 * Whether an object has to stay because of another one that stays: neither is half of it deleted, nor is it taken along. With a
 * namespace goes all that is in it, with a definition all objects of its group; and what runs cannot go on without the account,
 * rights and settings beside it. What exactly it uses is not looked up: rather too much is kept, and the message says why.
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

/** Whether the deletion of an object takes the other one along. */
function holds(id: ObjectId, other: ObjectId): boolean {
  if (kindOf(id) === "/Namespace") return other.namespace === id.name;
  return (
    kindOf(id) === "apiextensions.k8s.io/CustomResourceDefinition" &&
    other.group === id.name.slice(id.name.indexOf(".") + 1)
  );
}

/** The same one is named each time, and an app rather than its repository. */
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
