import { z } from "zod";
import { EnvironmentSpec, EnvironmentStatus } from "../environment.js";
import { Freeze } from "../environment-gates.js";

/** An Environment, as the API server returns it, without most of its metadata. */
export const EnvironmentItem = z
  .object({
    name: z.string(),
    spec: EnvironmentSpec,
    status: EnvironmentStatus.optional(),
  })
  .describe("An Environment.");
export type EnvironmentItem = z.infer<typeof EnvironmentItem>;

/** An Environment that a request has changed. */
export const ChangedEnvironment = z.object({
  name: z.string(),
  freeze: Freeze.optional().describe("The freeze that is stored now. Unset if the Environment is not frozen."),
});
export type ChangedEnvironment = z.infer<typeof ChangedEnvironment>;

/** All Environments, those that are promoted from first. */
export const EnvironmentList = z
  .object({
    items: z.array(EnvironmentItem).describe("The Environments, in the order of promotion."),
    mayFreeze: z
      .literal(true)
      .optional()
      .describe("The user may set and remove freezes. A hint: the API server decides."),
    hidden: z.literal(true).optional().describe("The user may not list Environments."),
  })
  .describe("All Environments.");
export type EnvironmentList = z.infer<typeof EnvironmentList>;
