import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { condition, degraded, failedForGood, progressing, specOf, statusOf, suspended, text } from "./conditions.js";
import { podProblem } from "./pod-problem.js";

/** A Job is healthy when it is complete or suspended, and Degraded as soon as it has failed. */
export function jobHealth(object: RawObject): ObjectHealth {
  const status = statusOf<{ active?: number; succeeded?: number }>(object);
  const failed = condition(status, "Failed");
  if (failed?.status === "True") return { ...failedForGood(text(failed)), ended: "Failed" };
  if (condition(status, "Complete")?.status === "True") return { status: "Healthy", ended: "Succeeded" };
  if (condition(status, "Suspended")?.status === "True") return suspended();
  return progressing(`is running (${status.active ?? 0} active, ${status.succeeded ?? 0} succeeded)`);
}

/** Waiting reasons of a container that rarely resolve by waiting. */
const BROKEN = /^Err|Error$|BackOff$|^InvalidImageName$/;

/** A Pod is healthy when it is ready or has succeeded. */
export function podHealth(object: RawObject): ObjectHealth {
  const status = statusOf<{ phase?: string; message?: string; reason?: string }>(object);
  if (status.phase === "Succeeded") return { status: "Healthy", ended: "Succeeded" };
  if (status.phase === "Failed") return { ...degraded(status.message ?? status.reason ?? "failed"), ended: "Failed" };
  if (condition(status, "Ready")?.status === "True") return { status: "Healthy" };
  const problem = podProblem(object);
  if (problem && BROKEN.test(problem.waiting ?? "")) return degraded(problem.text);
  const endless = (specOf<{ restartPolicy?: string }>(object).restartPolicy ?? "Always") === "Always";
  const why = problem?.state === "Failing" || (endless && problem?.state === "NotReady") ? `: ${problem.text}` : "";
  return progressing(`${endless ? "is not ready yet" : "is running"}${why}`);
}
