import { z } from "zod";
import { Condition } from "./conditions.js";
import { atomicList, mapList, objectName } from "./fields.js";

/** `status.observedGeneration`. Defaults to -1, so that clients can tell that a new object was not reconciled yet. */
export const observedGeneration = z
  .int()
  .min(-1)
  .optional()
  .describe("metadata.generation that was last reconciled. -1 before the first reconcile.");

/** `status.conditions`, merged by type. */
export function conditions(description: string) {
  return mapList(Condition, ["type"], 16, description).optional();
}

/** `status.lastHandledReconcileAt`. */
export const lastHandledReconcileAt = z
  .string()
  .max(256)
  .optional()
  .describe("Value of the annotation gitops.overseer.io/reconcile-at that was last handled.");

/** `status.environments` of an app. */
export const governingEnvironments = atomicList(
  objectName("Name of an Environment."),
  50,
  "Environments that govern the app. One that has ceased to do so holds the next Change until a user approves its plan.",
).optional();
