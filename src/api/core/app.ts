import { z } from "zod";
import { CoreAppBackup } from "./app-backup.js";
import { CoreId, CoreName, coreResource, HostName, Metadata, NodeLabels, Timestamp } from "./fields.js";

/** States of an app. */
export const APP_STATUSES = ["running", "stopped", "deploying", "error"] as const;

/** Largest Compose document in bytes of UTF-8. */
export const MAX_COMPOSE_BYTES = 512 * 1024;

/** States of a service on its node. `running`, `completed` are good; `starting`, `restarting` may become good. */
export const SERVICE_STATES = [
  "running",
  "completed",
  "starting",
  "restarting",
  "unhealthy",
  "exited",
  "stopped",
  "paused",
  "missing",
] as const;

/** A service as the agent of its node last saw it. */
export const CoreServiceState = z
  .strictObject({
    name: z.string().max(255),
    state: z.enum(SERVICE_STATES).describe("The worst state of its containers."),
    container: z.string().max(255).nullable().describe("Name of the container in that state."),
    exitCode: z.int().nullable().describe("Exit code of that container. Null while it runs."),
    image: z
      .string()
      .max(1024)
      .optional()
      .describe(
        "Image that was deployed: its name with the digest in its registry, or with its ID on the node if it has none.",
      ),
    lastLine: z.string().max(1024).nullable().describe("Last line of its log. Null if it is in a good state."),
  })
  .describe("State of a service on its node.");
export type CoreServiceState = z.infer<typeof CoreServiceState>;

/** What the agent of a node last saw of an app. */
export const CoreAppObserved = z
  .strictObject({
    version: z.int().min(1).describe("Version that the node runs. An earlier one after a failed deployment."),
    services: z.array(CoreServiceState).max(1000),
    drift: z
      .array(z.string().max(1024))
      .max(20)
      .describe("Differences from what was deployed, one text each. Empty if there are none."),
  })
  .describe("An app as the agent of its node last saw it.");
export type CoreAppObserved = z.infer<typeof CoreAppObserved>;

const fields = {
  description: z.string().max(1024).nullish().describe("Description for people."),
  domain: HostName.nullish().describe("Host name of the app."),
  compose: z
    .string()
    .min(1)
    .max(MAX_COMPOSE_BYTES)
    .refine(
      (text) => new TextEncoder().encode(text).length <= MAX_COMPOSE_BYTES,
      `expected at most ${MAX_COMPOSE_BYTES} bytes`,
    )
    .describe("Compose document, as YAML."),
  nodeId: CoreId.nullish().describe("Node that runs the app. If unset, the Core chooses one, and keeps its choice."),
  nodeLabels: NodeLabels.default({}).describe("Labels that the node must have. Defaults to none."),
  metadata: Metadata.default({}),
};

/** Body of a request that creates an app. */
export const CoreAppCreate = z.strictObject({
  name: CoreName.describe("Name. Must be unique among the apps of a Core."),
  ...fields,
});
export type CoreAppCreate = z.infer<typeof CoreAppCreate>;

/** Body of a request that replaces an app. Fields that are not set are cleared; the name cannot be changed. */
export const CoreAppUpdate = z.strictObject(fields);
export type CoreAppUpdate = z.infer<typeof CoreAppUpdate>;

/** An app as a Core returns it. */
export const CoreApp = z
  .object({
    ...coreResource,
    name: z.string(),
    description: z.string().nullable(),
    domain: z.string().nullable(),
    compose: z.string(),
    version: z.int().min(1).describe("Version, incremented when compose, domain, nodeId or nodeLabels change."),
    status: z.enum(APP_STATUSES),
    nodeId: z.string().nullable(),
    nodeLabels: NodeLabels,
    assignedNodeId: z
      .string()
      .nullable()
      .describe(
        "Node that the app is deployed to: that of nodeId, or the one that the Core chose. Null before its first deployment.",
      ),
    metadata: Metadata,
    backup: CoreAppBackup.nullable().describe("State of its backups. Null if none was ever due."),
    observed: CoreAppObserved.nullable().describe("State on the node. Null if its agent has not reported it."),
  })
  .describe("A Compose document and the node that runs it.");
export type CoreApp = z.infer<typeof CoreApp>;

/** One version of an app. */
export const CoreAppVersion = z
  .object({
    appId: CoreId,
    version: z.int().min(1),
    compose: z.string(),
    domain: z.string().nullable(),
    nodeId: z.string().nullable(),
    nodeLabels: NodeLabels,
    createdAt: Timestamp,
  })
  .describe("One version of an app.");
export type CoreAppVersion = z.infer<typeof CoreAppVersion>;

/** Body of a request that deploys the newest version. */
export const CoreDeployRequest = z
  .strictObject({
    leaveData: z
      .boolean()
      .default(false)
      .describe(
        "Deploy to another node although volumes stay on the present one, so that the app starts without them.",
      ),
  })
  .prefault({});

/** Body of a request that makes an earlier version the newest one and deploys it. */
export const CoreRollbackRequest = z.strictObject({ version: z.int().min(1).describe("Version to restore.") });
