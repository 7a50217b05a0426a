import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { condition, degraded, progressing, specOf, statusOf, text } from "./conditions.js";

/** A Service is healthy when it exists; a LoadBalancer when it has an address. */
export function serviceHealth(object: RawObject): ObjectHealth {
  if (specOf<{ type?: string }>(object).type !== "LoadBalancer") return { status: "Healthy" };
  const { loadBalancer } = statusOf<{ loadBalancer?: { ingress?: unknown[] } }>(object);
  return (loadBalancer?.ingress?.length ?? 0) > 0
    ? { status: "Healthy" }
    : progressing("waits for the address of its load balancer");
}

/**
 * A claim is healthy when it is bound; one that binds with its first pod must not hold up that pod, so it is healthy while pending,
 * too, unless its class turns out not to exist.
 */
export function claimHealth(object: RawObject): ObjectHealth {
  const { phase } = statusOf<{ phase?: string }>(object);
  if (phase === "Lost") return degraded("its volume is lost");
  if (phase === "Bound") return { status: "Healthy" };
  const { storageClassName = "", volumeName } = specOf<{ storageClassName?: string; volumeName?: string }>(object);
  const pending = { status: "Healthy", message: "is not bound yet" } as const;
  // A volume that the claim names needs no class to exist.
  return storageClassName === "" || volumeName ? pending : { ...pending, lookup: { storageClass: storageClassName } };
}

/** A CustomResourceDefinition is healthy when the API server serves it. */
export function definitionHealth(object: RawObject): ObjectHealth {
  const status = statusOf(object);
  const names = condition(status, "NamesAccepted");
  if (names?.status === "False") return degraded(text(names));
  return condition(status, "Established")?.status === "True" ? { status: "Healthy" } : progressing("is not served yet");
}
