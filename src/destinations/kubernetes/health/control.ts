import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { condition, degraded, failedForGood, progressing, statusOf, text, unobserved } from "./conditions.js";

const HEALTHY: ObjectHealth = { status: "Healthy" };

/** An APIService is healthy when the API server reaches its backend. */
export function apiServiceHealth(object: RawObject): ObjectHealth {
  const available = condition(statusOf(object), "Available");
  if (available?.status === "True") return HEALTHY;
  return progressing(available === undefined ? "has not been checked by the API server yet" : text(available));
}

/**
 * An autoscaler is Degraded when it cannot scale its target or is invalid. Missing metrics are reported but do not count: they
 * follow the first pods and come from an add-on that a cluster may lack.
 */
export function autoscalerHealth(object: RawObject): ObjectHealth {
  const status = statusOf(object);
  const able = condition(status, "AbleToScale");
  if (able?.status === "False" && /^Failed|^Invalid/.test(able.reason ?? "")) return degraded(text(able));
  const active = condition(status, "ScalingActive");
  if (active?.status !== "False") return HEALTHY;
  return /^Invalid/.test(active.reason ?? "") ? degraded(text(active)) : { status: "Healthy", message: text(active) };
}

/** A FlowSchema is Degraded when its PriorityLevelConfiguration does not exist. */
export function flowSchemaHealth(object: RawObject): ObjectHealth {
  const dangling = condition(statusOf(object), "Dangling");
  return dangling?.status === "True" ? degraded(text(dangling)) : HEALTHY;
}

/** A CertificateSigningRequest is healthy when its certificate is issued. Denied and failed requests are final. */
export function certificateRequestHealth(object: RawObject): ObjectHealth {
  const status = statusOf<{ certificate?: unknown }>(object);
  for (const type of ["Denied", "Failed"]) {
    const refused = condition(status, type);
    if (refused?.status === "True") return failedForGood(text(refused));
  }
  if (status.certificate !== undefined) return HEALTHY;
  const approved = condition(status, "Approved")?.status === "True";
  return progressing(approved ? "is waiting for its signer" : "is waiting for approval");
}

/** A PodDisruptionBudget is healthy once its controller has observed it, even if it allows no disruption right now. */
export function disruptionBudgetHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const allowed = condition(statusOf(object), "DisruptionAllowed");
  return allowed?.reason === "SyncFailed" ? degraded(text(allowed)) : HEALTHY;
}
