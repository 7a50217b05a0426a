import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";
import {
  condition,
  degraded,
  failedForGood,
  progressing,
  type StatusCondition,
  specOf,
  statusOf,
  suspended,
  text,
  unobserved,
} from "./conditions.js";
import { podRefusal } from "./pod-problem.js";

interface ReplicaStatus {
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly readyReplicas?: number;
  readonly availableReplicas?: number;
}

interface ReplicaSpec {
  readonly replicas?: number;
  readonly paused?: boolean;
  readonly updateStrategy?: { readonly type?: string; readonly rollingUpdate?: { readonly partition?: number } };
}

/** Healthy like in kstatus: the deadline is not exceeded, all replicas are updated and available, and no old ones are left. */
export function deploymentHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const spec = specOf<ReplicaSpec>(object);
  const status = statusOf<ReplicaStatus>(object);
  const moving = condition(status, "Progressing");
  const failure = condition(status, "ReplicaFailure");
  const refused = failure?.status === "True" ? refusalText(failure) : undefined;
  // The refusal of pods explains why the deadline was missed.
  if (moving?.reason === "ProgressDeadlineExceeded")
    return failedForGood([text(moving).replace(/\.$/, ""), refused].filter(Boolean).join(": "));
  if (refused !== undefined) return degraded(refused);
  const desired = spec.replicas ?? 1;
  const [total, updated, available] = [
    status.replicas ?? 0,
    status.updatedReplicas ?? 0,
    status.availableReplicas ?? 0,
  ];
  if (status.observedGeneration === undefined) return progressing("is waiting for its controller to observe it");
  if (spec.paused) return suspended("its rollout is paused");
  if (updated < desired) return progressing(`${updated} of ${desired} replicas are updated`);
  if (total > updated) return progressing(`${total - updated} old replicas are pending termination`);
  if (available < desired) return progressing(`${available} of ${desired} replicas are available`);
  return { status: "Healthy" };
}

/** Healthy when all replicas are ready at the latest revision, or those above the partition. With OnDelete, updates do not count. */
export function statefulSetHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const spec = specOf<ReplicaSpec>(object);
  const status = statusOf<ReplicaStatus & { currentRevision?: string; updateRevision?: string }>(object);
  if (status.observedGeneration === undefined) return progressing("is waiting for its controller to observe it");
  const desired = spec.replicas ?? 1;
  const ready = status.readyReplicas ?? 0;
  if (ready < desired) return progressing(`${ready} of ${desired} replicas are ready`);
  if (spec.updateStrategy?.type === "OnDelete") return { status: "Healthy" };
  const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const updated = status.updatedReplicas ?? 0;
  if (partition > 0) {
    return updated >= desired - partition
      ? { status: "Healthy" }
      : progressing(`${updated} of ${desired - partition} replicas are updated`);
  }
  return status.currentRevision === status.updateRevision
    ? { status: "Healthy" }
    : progressing(`${updated} of ${desired} replicas are updated`);
}

/** Healthy when every scheduled node runs an available pod of the latest revision. */
export function daemonSetHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const spec = specOf<ReplicaSpec>(object);
  const status = statusOf<{
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberAvailable?: number;
  }>(object);
  if (status.observedGeneration === undefined) return progressing("is waiting for its controller to observe it");
  const desired = status.desiredNumberScheduled ?? 0;
  const [updated, available] = [status.updatedNumberScheduled ?? 0, status.numberAvailable ?? 0];
  if (spec.updateStrategy?.type !== "OnDelete" && updated < desired)
    return progressing(`${updated} of ${desired} pods are updated`);
  return available < desired ? progressing(`${available} of ${desired} pods are available`) : { status: "Healthy" };
}

/** Healthy when all replicas are available. */
export function replicaSetHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const status = statusOf<ReplicaStatus>(object);
  const failure = condition(status, "ReplicaFailure");
  if (failure?.status === "True") return degraded(refusalText(failure));
  const desired = specOf<ReplicaSpec>(object).replicas ?? 1;
  const available = status.availableReplicas ?? 0;
  return available < desired ? progressing(`${available} of ${desired} replicas are available`) : { status: "Healthy" };
}

function refusalText(failure: StatusCondition): string {
  return text({ ...failure, message: podRefusal(failure.message ?? "") });
}
