import { z } from "zod";
import { CoreName } from "./fields.js";

/** Body of a request that drains a node. */
export const CoreDrainRequest = z
  .strictObject({
    dryRun: z.boolean().default(false).describe("Only return what would happen. Changes nothing."),
    moves: z
      .array(CoreName)
      .max(10_000)
      .optional()
      .describe(
        "Apps that may be moved, from a dry run. If others would be moved, nothing happens (409). Defaults to all.",
      ),
  })
  .prefault({});
export type CoreDrainRequest = z.infer<typeof CoreDrainRequest>;

/** What draining a node does to its apps. */
export const CoreDrainPlan = z
  .object({
    moves: z
      .array(z.object({ app: z.string(), to: z.string().describe("Name of the other node.") }))
      .describe(
        "Apps that move: they are deployed to the other node, and then removed from this one. What is only in their containers is lost.",
      ),
    stays: z
      .array(
        z.object({
          app: z.string(),
          data: z.array(z.string()).describe("What it stores on the node. Empty if it stores nothing there."),
          reason: z.string().describe("Why it stays, and how to move it."),
        }),
      )
      .describe("Apps that stay and go on running, until the machine stops."),
  })
  .describe("What draining a node does to its apps.");
export type CoreDrainPlan = z.infer<typeof CoreDrainPlan>;
