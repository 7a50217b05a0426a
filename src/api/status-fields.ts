import { z } from "zod";
import { Condition } from "./conditions.js";
import { mapList } from "./fields.js";

/** `status.observedGeneration`; the API server sets -1 on a new object, so that nobody takes it for looked at. */
export const observedGeneration = z
  .int()
  .min(-1)
  .optional()
  .describe("The generation of the spec that this status is about; -1 before the first look.");

/** `status.conditions`, merged by type. */
export function conditions(description: string) {
  return mapList(Condition, ["type"], 16, description).optional();
}

/** `status.lastHandledReconcileAt`. */
export const lastHandledReconcileAt = z
  .string()
  .max(256)
  .optional()
  .describe("Value of the annotation gitops.overseer.io/reconcile-at that was last acted upon.");
