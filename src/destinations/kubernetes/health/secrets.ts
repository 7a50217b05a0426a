import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { condition, conditionHealth, degraded, progressing, statusOf, text, unobserved } from "./conditions.js";

/** A SealedSecret is healthy when its controller has written the Secret: condition `Synced`. */
export function sealedSecretHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind !== undefined) return behind;
  const synced = condition(statusOf(object), "Synced");
  if (synced?.status === "True") return { status: "Healthy" };
  if (synced?.status === "False") return degraded(text(synced));
  return progressing("is waiting for the controller of Sealed Secrets: no condition Synced");
}

/**
 * Kinds of External Secrets are healthy when they are Ready. Without that condition, their controller has not seen them. An ExternalSecret
 * names the generation that it was synced for in `syncedResourceVersion`, as `<generation>-<hash>`.
 */
export function externalSecretHealth(object: RawObject): ObjectHealth {
  const status = statusOf<{ readonly syncedResourceVersion?: unknown }>(object);
  if (condition(status, "Ready") === undefined) {
    return progressing("is waiting for the controller of External Secrets: no condition Ready");
  }
  const health = conditionHealth(object);
  if (health.status !== "Healthy") return health;
  const synced = /^(\d+)-/.exec(String(status.syncedResourceVersion ?? ""))?.[1];
  const { generation } = object.metadata;
  if (synced === undefined || generation === undefined || Number(synced) >= generation) return health;
  return progressing("is waiting for its controller to sync the latest generation");
}
