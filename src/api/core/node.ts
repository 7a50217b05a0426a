import { z } from "zod";
import { CoreName, coreResource, Metadata, Timestamp } from "./fields.js";

/** Runners of Compose documents on a node. `simulated` starts nothing and says so in all its reports. */
export const RUNNERS = ["simulated"] as const;

/** Configuration of a node. */
export const CoreNodeConfig = z.strictObject({
  description: z.string().max(1024).optional().describe("Description for people."),
  labels: z.record(z.string().max(128), z.string().max(256)).default({}).describe("Labels."),
  schedulable: z.boolean().default(true).describe("Allow new deployments on the node. Defaults to true."),
});
export type CoreNodeConfig = z.infer<typeof CoreNodeConfig>;

/** Body of a request that registers a node. A node that registers again with the same name and token is the same node. */
export const CoreNodeRegister = z.strictObject({
  name: CoreName,
  hostname: z.string().min(1).max(253),
  ipAddress: z.union([z.ipv4(), z.ipv6()]).nullish(),
  version: z.string().max(64),
  runner: z.enum(RUNNERS),
});
export type CoreNodeRegister = z.infer<typeof CoreNodeRegister>;

/** Body of a request that replaces the configuration and metadata of a node. */
export const CoreNodeConfigWrite = z.strictObject({ config: CoreNodeConfig, metadata: Metadata.default({}) });
export type CoreNodeConfigWrite = z.infer<typeof CoreNodeConfigWrite>;

/** A node as a Core returns it. */
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
  .describe("A machine that runs apps by its agent.");
export type CoreNode = z.infer<typeof CoreNode>;
