import type { RawObject } from "../../../kube/object.js";
import { isRecord } from "../../../manifest/shape.js";
import type { ObjectHealth } from "../../../plan/live.js";
import {
  condition,
  conditionHealth,
  degraded,
  progressing,
  type StatusCondition,
  specOf,
  statusOf,
  suspended,
  text,
  unobserved,
} from "./conditions.js";

const HEALTHY: ObjectHealth = { status: "Healthy" };

/**
 * The rule of a kind whose controller always sets a condition: without it, the controller has not seen the object yet. `Ready` is
 * judged as for all kinds; other conditions must be True.
 */
export function awaits(type: string): (object: RawObject) => ObjectHealth {
  return (object) => {
    const found = condition(statusOf(object), type);
    if (found === undefined) return progressing(`is waiting for its controller: no condition ${type}`);
    const behind = unobserved(object) ?? outdated(object, found);
    if (behind) return behind;
    if (type === "Ready") return conditionHealth(object);
    if (found.status === "True") return HEALTHY;
    return found.status === "False" ? degraded(text(found)) : progressing(text(found));
  };
}

function outdated({ metadata }: RawObject, { observedGeneration, type }: StatusCondition): ObjectHealth | undefined {
  if (typeof observedGeneration !== "number" || metadata.generation === undefined) return undefined;
  return observedGeneration < metadata.generation
    ? progressing(`has a condition ${type} of an older generation`)
    : undefined;
}

/** Extends a rule: an object with `spec.suspend` is Suspended, as Flux and CronJobs have it. */
export function unlessSuspended(rule: (object: RawObject) => ObjectHealth): (object: RawObject) => ObjectHealth {
  return (object) => (specOf<{ suspend?: unknown }>(object).suspend === true ? suspended() : rule(object));
}

/** Words of a status field that reports the state of an object as a whole. */
export interface PhaseWords {
  /** Path of the field below status. */
  readonly path: readonly string[];
  readonly healthy: readonly string[];
  readonly degraded?: readonly string[];
  readonly suspended?: readonly string[];
  /** Path of the message below status. */
  readonly message?: readonly string[];
}

/** The rule of a kind that reports its state by one word of its status. Unknown words are Progressing. */
export function byPhase(words: PhaseWords): (object: RawObject) => ObjectHealth {
  return (object) => {
    const behind = unobserved(object) ?? unobservedText(object);
    if (behind) return behind;
    const phase = textAt(object.status, words.path);
    if (phase === undefined) return progressing("is waiting for its controller to report its state");
    if (words.healthy.includes(phase)) return HEALTHY;
    const message = words.message && textAt(object.status, words.message);
    const described = message === undefined ? `is ${phase}` : `is ${phase}: ${message}`;
    if (words.suspended?.includes(phase)) return suspended(described);
    return words.degraded?.includes(phase) ? degraded(described) : progressing(described);
  };
}

/** Progressing while a controller that writes the observed generation as text, as Argo Rollouts does, is behind. */
function unobservedText(object: RawObject): ObjectHealth | undefined {
  const { observedGeneration } = statusOf<{ observedGeneration?: unknown }>(object) as { observedGeneration?: unknown };
  const { generation } = object.metadata;
  if (typeof observedGeneration !== "string" || !/^\d+$/.test(observedGeneration) || generation === undefined)
    return undefined;
  return Number(observedGeneration) < generation
    ? progressing("is waiting for its controller to observe the latest generation")
    : undefined;
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  let at = value;
  for (const step of path) at = isRecord(at) ? at[step] : undefined;
  return typeof at === "string" && at !== "" ? at : undefined;
}

/** A route of the Gateway API is healthy when each of its gateways accepts it and resolves its references. */
export function routeHealth(object: RawObject): ObjectHealth {
  const { parents } = statusOf<{ parents?: unknown }>(object);
  const statuses = Array.isArray(parents) ? parents.filter(isRecord) : [];
  if (statuses.length === 0) return progressing("is waiting for a gateway to accept it");
  for (const parent of statuses) {
    for (const type of ["Accepted", "ResolvedRefs"]) {
      const found = condition(parent as { conditions?: StatusCondition[] }, type);
      if (found === undefined) continue;
      const behind = outdated(object, found);
      if (behind) return behind;
      if (found.status === "False") return degraded(text(found));
    }
  }
  return HEALTHY;
}

/** An object of Crossplane is healthy when it is `Ready`, and Degraded when it cannot be synced. */
export function crossplaneHealth(object: RawObject): ObjectHealth {
  const synced = condition(statusOf(object), "Synced");
  if (synced?.status === "False") return degraded(text(synced));
  return conditionHealth(object);
}

/** A VolumeSnapshot is healthy when it is ready to use. */
export function snapshotHealth(object: RawObject): ObjectHealth {
  const { readyToUse, error } = statusOf<{ readyToUse?: unknown; error?: { message?: unknown } }>(object);
  if (readyToUse === true) return HEALTHY;
  return typeof error?.message === "string" ? degraded(error.message) : progressing("is not ready to use yet");
}

/** A ScaledObject of KEDA is healthy when it is ready, and Suspended while it is paused. */
export function scaledObjectHealth(object: RawObject): ObjectHealth {
  const paused = condition(statusOf(object), "Paused");
  if (paused?.status === "True") return suspended("is paused");
  const ready = condition(statusOf(object), "Ready");
  if (ready?.status === "False") return degraded(text(ready));
  return ready?.status === "True" ? HEALTHY : progressing("is waiting for its controller: no condition Ready");
}

/** A run of Tekton is judged by its condition `Succeeded`. */
export function tektonRunHealth(object: RawObject): ObjectHealth {
  const done = condition(statusOf(object), "Succeeded");
  if (done?.status === "True") return { ...HEALTHY, ended: "Succeeded" };
  if (done?.status === "False") return { ...degraded(text(done)), ended: "Failed", final: true };
  return progressing(done === undefined ? "has not started yet" : text(done));
}
