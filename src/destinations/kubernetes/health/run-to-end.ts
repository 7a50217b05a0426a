import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { condition, degraded, failedForGood, progressing, specOf, statusOf, text } from "./conditions.js";

/** A Job is healthy when it is complete, or suspended by its spec; broken at once when it failed. */
export function jobHealth(object: RawObject): ObjectHealth {
  const status = statusOf<{ active?: number; succeeded?: number }>(object);
  const failed = condition(status, "Failed");
  if (failed?.status === "True") return failedForGood(text(failed));
  if (condition(status, "Complete")?.status === "True") return { status: "Healthy" };
  if (condition(status, "Suspended")?.status === "True") return { status: "Healthy", message: "is suspended" };
  return progressing(`is running (${status.active ?? 0} active, ${status.succeeded ?? 0} succeeded)`);
}

interface ContainerState {
  readonly name: string;
  readonly state?: { readonly waiting?: { readonly reason?: string; readonly message?: string } };
}

/** A Pod is healthy when it is ready, or succeeded where it is meant to end. */
export function podHealth(object: RawObject): ObjectHealth {
  const status = statusOf<{
    phase?: string;
    message?: string;
    reason?: string;
    containerStatuses?: ContainerState[];
    initContainerStatuses?: ContainerState[];
  }>(object);
  if (status.phase === "Succeeded") return { status: "Healthy" };
  if (status.phase === "Failed") return degraded(status.message ?? status.reason ?? "failed");
  for (const container of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const reason = container.state?.waiting?.reason ?? "";
    if (/^Err|Error$|BackOff$|^InvalidImageName$/.test(reason))
      return degraded(`container ${container.name}: ${reason}`);
  }
  if (condition(status, "Ready")?.status === "True") return { status: "Healthy" };
  const endless = (specOf<{ restartPolicy?: string }>(object).restartPolicy ?? "Always") === "Always";
  return progressing(endless ? "is not ready yet" : "is running");
}
