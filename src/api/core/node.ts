import { z } from "zod";
import { CoreAppObserved } from "./app.js";
import { CoreId, CoreName, coreResource, Metadata, NodeLabels, Timestamp } from "./fields.js";

/** Runners of Compose documents on a node. `simulated` starts nothing and says so in all its reports. */
export const RUNNERS = ["docker", "simulated"] as const;

/** Configuration of a node. */
export const CoreNodeConfig = z.strictObject({
  description: z.string().max(1024).optional().describe("Description for people."),
  labels: NodeLabels.default({}).describe("Labels."),
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

/** Anonymous volumes of an app that a report names. */
export const MAX_REPORTED_VOLUMES = 20;

/** Body of a request that reports the state of a node and of some of its apps. */
export const CoreNodeReport = z.strictObject({
  problem: z.string().max(1024).nullable().describe("Why the node cannot run jobs. Null if it can."),
  apps: z
    .array(
      z.strictObject({
        app: CoreName.describe("Name of the app."),
        observed: CoreAppObserved.nullable().describe("State of the app. Null if the node does not run it."),
        redeploy: z.boolean().describe("Whether the running version is to be deployed again, to revert drift."),
        volumes: z
          .array(z.string().max(512))
          .max(MAX_REPORTED_VOLUMES)
          .default([])
          .describe("Anonymous volumes of its containers. The Core does not move the app away from them."),
      }),
    )
    .max(10_000)
    .describe("Apps whose state has changed."),
  routes: z
    .array(z.strictObject({ id: CoreId, problem: z.string().max(1024).nullable() }))
    .max(10_000)
    .default([])
    .describe("Routes of the node, and why the proxy does not publish them."),
});
export type CoreNodeReport = z.infer<typeof CoreNodeReport>;

/** Memory and disk of a node. */
export const CoreNodeUsage = z
  .strictObject({
    memory: z.int().min(0).describe("Memory in bytes."),
    memoryAvailable: z.int().min(0).describe("Memory in bytes that programs can still get."),
    disk: z
      .int()
      .min(0)
      .describe("Size in bytes of the disk of the agent and of Docker: the one with less space left."),
    diskAvailable: z.int().min(0).describe("Space left on it in bytes."),
  })
  .describe("Memory and disk of the node.");
export type CoreNodeUsage = z.infer<typeof CoreNodeUsage>;

/** Body of a heartbeat. */
export const CoreHeartbeat = z.strictObject({ usage: CoreNodeUsage.optional() }).prefault({});

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
    problem: z.string().nullable().describe("Why the node cannot run jobs, as its agent reported it. Null if it can."),
    drained: z.boolean().describe("Whether the node was drained: it accepts no deployments until that is ended."),
    lastHeartbeat: Timestamp.nullable(),
    usage: CoreNodeUsage.nullable().describe("As of the last heartbeat. Null if the agent does not report it."),
    config: CoreNodeConfig,
    metadata: Metadata,
  })
  .describe("A machine that runs apps by its agent.");
export type CoreNode = z.infer<typeof CoreNode>;
