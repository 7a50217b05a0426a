import { z } from "zod";
import { APP_STATUSES, CoreServiceState, SERVICE_STATES } from "../core/app.js";
import { Time } from "./fields.js";

/** A service of an app on a node. */
export const CoreServiceView = CoreServiceState.omit({ lastLine: true })
  .extend({
    state: z
      .enum([...SERVICE_STATES, "unknown"])
      .describe("The worst state of its containers. unknown: the agent has not reported it."),
    image: z.string().optional().describe("Image in the Compose document. Unset if the document does not say."),
    lastLine: z.string().optional().describe("Last line of its log, of a service that is in no good state."),
  })
  .describe("A service of an app on a node.");

/** An app on a Core. */
export const CoreAppView = z
  .object({
    name: z.string().describe("Name in the Core."),
    app: z
      .string()
      .optional()
      .describe("NAMESPACE/NAME of the OverseerApp that manages it. Unset if none of this installation does."),
    version: z.int().describe("Newest version."),
    running: z.int().optional().describe("Version that runs on the node, if it is another one."),
    status: z.enum(APP_STATUSES),
    services: z.array(CoreServiceView).describe("As the agent of the node last saw them."),
    drift: z.array(z.string()).optional().describe("Differences from what was deployed."),
    problem: z.string().optional().describe("Why the last job of the app failed."),
  })
  .describe("An app on a Core.");
export type CoreAppView = z.infer<typeof CoreAppView>;

/** A node of a Core. */
export const CoreNodeView = z
  .object({
    name: z.string(),
    hostname: z.string(),
    address: z.string().optional().describe("IP address."),
    version: z.string().describe("Version of the agent."),
    runner: z.string().optional().describe("What runs containers: docker, or simulated."),
    status: z.enum(["online", "offline"]),
    lastSeen: Time.optional().describe("Of a node that is offline: time of its last heartbeat."),
    problem: z.string().optional().describe("Why the node cannot run jobs."),
    description: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    schedulable: z.boolean().describe("Whether new apps may be placed on it."),
    apps: z.array(CoreAppView),
    hidden: z.int().optional().describe("Number of further apps on it that the user may not see."),
  })
  .describe("A node of a Core.");
export type CoreNodeView = z.infer<typeof CoreNodeView>;

/** A Core. */
export const CoreView = z
  .object({
    url: z.string(),
    problem: z.string().optional().describe("Why the Core cannot be read. What is shown is then its last known state."),
    usedBy: z
      .array(z.string())
      .describe("Apps with this Core as destination, as NAMESPACE/NAME, that the user may see."),
    nodes: z.array(CoreNodeView).describe("Nodes, those with problems first."),
    unplaced: z.array(CoreAppView).describe("Apps without a node."),
  })
  .describe("A Core that apps have as destination.");
export type CoreView = z.infer<typeof CoreView>;

/** All Cores. */
export const CoreList = z.object({
  items: z.array(CoreView),
  unavailable: z.string().optional().describe("Why Cores may be missing."),
});
export type CoreList = z.infer<typeof CoreList>;
