import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { condition, degraded, failedForGood, progressing, statusOf, text, unobserved } from "./conditions.js";

const HEALTHY: ObjectHealth = { status: "Healthy" };

/** An APIService is healthy when the API server reaches what serves it. */
export function apiServiceHealth(object: RawObject): ObjectHealth {
  const available = condition(statusOf(object), "Available");
  if (available?.status === "True") return HEALTHY;
  return progressing(available === undefined ? "is not looked at yet" : text(available));
}

/**
 * An autoscaler is broken when it cannot scale its target, or is written so that it never can. Missing metrics are told and
 * do not count: they come after the first pods, and from an add-on that a cluster may lack.
 */
export function autoscalerHealth(object: RawObject): ObjectHealth {
  const status = statusOf(object);
  const able = condition(status, "AbleToScale");
  if (able?.status === "False" && /^Failed|^Invalid/.test(able.reason ?? "")) return degraded(text(able));
  const active = condition(status, "ScalingActive");
  if (active?.status !== "False") return HEALTHY;
  return /^Invalid/.test(active.reason ?? "") ? degraded(text(active)) : { status: "Healthy", message: text(active) };
}

/** A FlowSchema is broken when its PriorityLevelConfiguration does not exist. */
export function flowSchemaHealth(object: RawObject): ObjectHealth {
  const dangling = condition(statusOf(object), "Dangling");
  return dangling?.status === "True" ? degraded(text(dangling)) : HEALTHY;
}

/** A request for a certificate is healthy when it is issued. Denied and failed ones stay so. */
export function certificateRequestHealth(object: RawObject): ObjectHealth {
  const status = statusOf<{ certificate?: unknown }>(object);
  for (const type of ["Denied", "Failed"]) {
    const refused = condition(status, type);
    if (refused?.status === "True") return failedForGood(text(refused));
  }
  if (status.certificate !== undefined) return HEALTHY;
  const approved = condition(status, "Approved")?.status === "True";
  return progressing(approved ? "waits for its signer" : "waits for an approval");
}

/** A disruption budget is healthy when its controller has read it; that no disruption is allowed right now is its purpose. */
export function disruptionBudgetHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const allowed = condition(statusOf(object), "DisruptionAllowed");
  return allowed?.reason === "SyncFailed" ? degraded(text(allowed)) : HEALTHY;
}
