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
  text,
  unobserved,
} from "./conditions.js";
import { podRefusal } from "./pod-refusal.js";

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

/** kstatus' rule: the deadline is not exceeded, and all replicas are updated, available, and the old ones gone. */
export function deploymentHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const spec = specOf<ReplicaSpec>(object);
  const status = statusOf<ReplicaStatus>(object);
  const moving = condition(status, "Progressing");
  const failure = condition(status, "ReplicaFailure");
  const refused = failure?.status === "True" ? refusalText(failure) : undefined;
  // What pods are refused for is why the deadline was missed.
  if (moving?.reason === "ProgressDeadlineExceeded")
    return failedForGood([text(moving).replace(/\.$/, ""), refused].filter(Boolean).join(": "));
  if (refused !== undefined) return degraded(refused);
  const wanted = spec.replicas ?? 1;
  const [total, updated, available] = [
    status.replicas ?? 0,
    status.updatedReplicas ?? 0,
    status.availableReplicas ?? 0,
  ];
  if (status.observedGeneration === undefined) return progressing("its controller has not seen it yet");
  if (spec.paused) return { status: "Healthy", message: "its rollout is paused" };
  if (updated < wanted) return progressing(`${updated} of ${wanted} replicas are updated`);
  if (total > updated) return progressing(`${total - updated} old replicas are still there`);
  if (available < wanted) return progressing(`${available} of ${wanted} replicas are available`);
  return { status: "Healthy" };
}

/** All replicas ready at the newest revision; with a partition, those above it. OnDelete is up to the user. */
export function statefulSetHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const spec = specOf<ReplicaSpec>(object);
  const status = statusOf<ReplicaStatus & { currentRevision?: string; updateRevision?: string }>(object);
  if (status.observedGeneration === undefined) return progressing("its controller has not seen it yet");
  const wanted = spec.replicas ?? 1;
  const ready = status.readyReplicas ?? 0;
  if (ready < wanted) return progressing(`${ready} of ${wanted} replicas are ready`);
  if (spec.updateStrategy?.type === "OnDelete") return { status: "Healthy" };
  const partition = spec.updateStrategy?.rollingUpdate?.partition ?? 0;
  const updated = status.updatedReplicas ?? 0;
  if (partition > 0) {
    return updated >= wanted - partition
      ? { status: "Healthy" }
      : progressing(`${updated} of ${wanted - partition} replicas are updated`);
  }
  return status.currentRevision === status.updateRevision
    ? { status: "Healthy" }
    : progressing(`${updated} of ${wanted} replicas are updated`);
}

/** Every node that should run a pod runs an available one of the newest revision. */
export function daemonSetHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const spec = specOf<ReplicaSpec>(object);
  const status = statusOf<{
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberAvailable?: number;
  }>(object);
  if (status.observedGeneration === undefined) return progressing("its controller has not seen it yet");
  const wanted = status.desiredNumberScheduled ?? 0;
  const [updated, available] = [status.updatedNumberScheduled ?? 0, status.numberAvailable ?? 0];
  if (spec.updateStrategy?.type !== "OnDelete" && updated < wanted)
    return progressing(`${updated} of ${wanted} pods are updated`);
  return available < wanted ? progressing(`${available} of ${wanted} pods are available`) : { status: "Healthy" };
}

/** All replicas are available. */
export function replicaSetHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const status = statusOf<ReplicaStatus>(object);
  const failure = condition(status, "ReplicaFailure");
  if (failure?.status === "True") return degraded(refusalText(failure));
  const wanted = specOf<ReplicaSpec>(object).replicas ?? 1;
  const available = status.availableReplicas ?? 0;
  return available < wanted ? progressing(`${available} of ${wanted} replicas are available`) : { status: "Healthy" };
}

function refusalText(failure: StatusCondition): string {
  return text({ ...failure, message: podRefusal(failure.message ?? "") });
}
