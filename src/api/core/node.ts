import { z } from "zod";
import { CoreName, coreResource, Metadata, Timestamp } from "./fields.js";

/** What runs the Compose documents of a node: `simulated` starts nothing, and everything it says tells so. */
export const RUNNERS = ["simulated"] as const;

/** What a node is told to be. */
export const CoreNodeConfig = z.strictObject({
  description: z.string().max(1024).optional().describe("What it is."),
  labels: z.record(z.string().max(128), z.string().max(256)).default({}).describe("Labels, for people and tools."),
  schedulable: z.boolean().default(true).describe("Whether new deployments may go there."),
});
export type CoreNodeConfig = z.infer<typeof CoreNodeConfig>;

/** How an agent says who it is. Registering again under the same name, with the same token, is the same node. */
export const CoreNodeRegister = z.strictObject({
  name: CoreName,
  hostname: z.string().min(1).max(253),
  ipAddress: z.union([z.ipv4(), z.ipv6()]).nullish(),
  version: z.string().max(64),
  runner: z.enum(RUNNERS),
});
export type CoreNodeRegister = z.infer<typeof CoreNodeRegister>;

/** Replaces the configuration of a node, and the mark of who manages it. */
export const CoreNodeConfigWrite = z.strictObject({ config: CoreNodeConfig, metadata: Metadata.default({}) });
export type CoreNodeConfigWrite = z.infer<typeof CoreNodeConfigWrite>;

/** A node as a Core shows it. */
export const CoreNode = z
  .object({
    ...coreResource,
    name: z.string(),
    hostname: z.string(),
    ipAddress: z.string().nullable(),
    version: z.string(),
    runner: z.enum(RUNNERS),
    status: z.enum(["online", "offline"]),
    lastHeartbeat: Timestamp.nullable(),
    config: CoreNodeConfig,
    metadata: Metadata,
  })
  .describe("A machine that runs apps, by its agent.");
export type CoreNode = z.infer<typeof CoreNode>;
