import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { condition, degraded, progressing, specOf, statusOf, text } from "./conditions.js";

/** A Service is healthy when it exists; a Service of type LoadBalancer when it has an address. */
export function serviceHealth(object: RawObject): ObjectHealth {
  if (specOf<{ type?: string }>(object).type !== "LoadBalancer") return { status: "Healthy" };
  const { loadBalancer } = statusOf<{ loadBalancer?: { ingress?: unknown[] } }>(object);
  return (loadBalancer?.ingress?.length ?? 0) > 0
    ? { status: "Healthy" }
    : progressing("is waiting for a load balancer address");
}

/**
 * A claim is healthy when it is bound, and also while it is pending, because a claim that binds with its first pod must not
 * delay that pod. A lookup then checks that its StorageClass exists.
 */
export function claimHealth(object: RawObject): ObjectHealth {
  const { phase } = statusOf<{ phase?: string }>(object);
  if (phase === "Lost") return degraded("has lost its volume");
  if (phase === "Bound") return { status: "Healthy" };
  const { storageClassName = "", volumeName } = specOf<{ storageClassName?: string; volumeName?: string }>(object);
  const pending = { status: "Healthy", message: "is not bound yet" } as const;
  // A claim that names its volume does not need the class.
  return storageClassName === "" || volumeName ? pending : { ...pending, lookup: { storageClass: storageClassName } };
}

/** A CustomResourceDefinition is healthy when the API server serves it. */
export function definitionHealth(object: RawObject): ObjectHealth {
  const status = statusOf(object);
  const names = condition(status, "NamesAccepted");
  if (names?.status === "False") return degraded(text(names));
  return condition(status, "Established")?.status === "True" ? { status: "Healthy" } : progressing("is not served yet");
}
