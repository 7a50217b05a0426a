import { sha256 } from "../../../base/hash.js";
import { isStatus } from "../../../kube/errors.js";
import { fieldFaults } from "../../../kube/refusal-text/field-faults.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import type { ApplyResult } from "../../../kube/server-side-apply.js";
import type { Document } from "../../../manifest/document.js";
import { displayId, type ObjectId } from "../../../manifest/object-id.js";
import { recreatePermission } from "../../../manifest/recreate.js";
import type { WriteAction } from "../../../plan/actions.js";
import { type DeletePermit, judgeRecreation } from "../../../plan/prune-guard.js";
import type { Target } from "../../destination.js";
import type { KubernetesContext } from "../kubernetes-context.js";
import { explainRefusal } from "../refusals/explain.js";
import { Refusal } from "../refusals/refusal.js";
import { dryRun } from "./dry-run.js";

/** A permitted re-creation. */
export interface Recreation {
  readonly permit: DeletePermit;
  /** Why, by which permission, and what is lost. */
  readonly reason: string;
  /** The dry run of the new object. */
  readonly dry: ApplyResult;
}

/** What is lost with an object, by `group/kind`. */
const LOST: Readonly<Record<string, string>> = {
  "batch/Job": "its pods and their results",
  "apps/Deployment": "its pods, until the new ones are ready",
  "apps/StatefulSet": "its pods, until the new ones are ready; its volume claims stay",
  "apps/DaemonSet": "its pods, until the new ones are ready",
  "apps/ReplicaSet": "its pods, until the new ones are ready",
  "/Pod": "the running containers and their local data",
  "/Service": "its cluster IP, node ports and load balancer address",
  "/PersistentVolumeClaim": "its volume, with the data if the reclaim policy is Delete",
  "/PersistentVolume": "its binding, with the data if the reclaim policy is Delete",
  "/Secret": "keys that others have added",
  "/ConfigMap": "keys that others have added",
  "rbac.authorization.k8s.io/RoleBinding": "the permissions that it grants, for a moment",
  "rbac.authorization.k8s.io/ClusterRoleBinding": "the permissions that it grants, for a moment",
};
const LOST_OF_OTHERS = "its status, what others have set on it, and the objects that it owns";

const lostWith = ({ group, kind }: ObjectId): string => LOST[`${group}/${kind}`] ?? LOST_OF_OTHERS;

/** Whether an update is refused for nothing but fields that cannot be changed. */
export function isImmutable(error: unknown, document: Document): boolean {
  if (!isStatus(error, 422)) return false;
  const faults = fieldFaults(error.status, document.object);
  return faults !== undefined && faults.length > 0 && faults.every(({ unchangeable }) => unchangeable);
}

/**
 * Judges whether an object that the app owns is deleted and created again, because a field of it cannot be changed. The new object is
 * dry-run under another name first, so that nothing is deleted for a document that cannot be created. Returns undefined if the error is
 * about something else, or the re-creation is not permitted by the app or the document.
 *
 * @throws Refusal when it is permitted, but the object is protected from deletion or the new one would be refused.
 */
export async function judgeRecreate(
  context: KubernetesContext,
  target: Target,
  { document, live }: WriteAction,
  resource: ResourceInfo,
  error: unknown,
): Promise<Recreation | undefined> {
  const permission =
    recreatePermission(document.object.metadata) ?? (target.recreate ? "sync.recreate: true" : undefined);
  if (permission === undefined || live === undefined || !isImmutable(error, document)) return undefined;
  const { permit, refusal } = judgeRecreation(live);
  if (permit === undefined) throw new Refusal(`cannot be changed without deleting it: ${refusal}`, true);
  const fields = explainRefusal(error, document.object).replace(/: delete the live object,.*$/, "");
  const dry = await dryRunAnew(context, target, document, resource);
  const reason = `a field cannot be changed (${fields}), and ${permission} permits to delete and re-create it; lost: ${lostWith(document.id)}`;
  return { permit, reason, dry };
}

async function dryRunAnew(
  context: KubernetesContext,
  target: Target,
  document: Document,
  resource: ResourceInfo,
): Promise<ApplyResult> {
  const { metadata } = document.object;
  const name = `${metadata.name.slice(0, 40).replace(/[^a-z0-9]+$/, "")}-${sha256(document.key, 8)}`;
  const renamed = { ...document, object: { ...document.object, metadata: { ...metadata, name } } };
  try {
    const dry = await dryRun(context, target, renamed, resource, false);
    return { ...dry, object: { ...dry.object, metadata: { ...dry.object.metadata, name: metadata.name } } };
  } catch (refused) {
    const why = explainRefusal(refused, document.object);
    throw new Refusal(`cannot be re-created, so the live ${displayId(document.id)} was not deleted: ${why}`, true);
  }
}
