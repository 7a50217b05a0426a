import { z } from "zod";
import { CoreId, CoreName, coreResource, HostName, Metadata, Timestamp } from "./fields.js";

/** How an app is. */
export const APP_STATUSES = ["running", "stopped", "deploying", "error"] as const;

/** Largest Compose document in bytes of UTF-8. */
export const MAX_COMPOSE_BYTES = 512 * 1024;

const fields = {
  description: z.string().max(1024).nullish().describe("What it is."),
  domain: HostName.nullish().describe("The host name that the app is known by."),
  compose: z
    .string()
    .min(1)
    .max(MAX_COMPOSE_BYTES)
    .refine((text) => Buffer.byteLength(text) <= MAX_COMPOSE_BYTES, `expected at most ${MAX_COMPOSE_BYTES} bytes`)
    .describe("The Compose document, as YAML."),
  nodeId: CoreId.nullish().describe("Node that runs it; none: the only node that there is."),
  metadata: Metadata.default({}),
};

/** What makes a new app. */
export const CoreAppCreate = z.strictObject({ name: CoreName.describe("Unique among the apps of a Core."), ...fields });
export type CoreAppCreate = z.infer<typeof CoreAppCreate>;

/** What an app becomes: every field that is left out is emptied. The name stays. */
export const CoreAppUpdate = z.strictObject(fields);
export type CoreAppUpdate = z.infer<typeof CoreAppUpdate>;

/** An app as a Core shows it. */
export const CoreApp = z
  .object({
    ...coreResource,
    name: z.string(),
    description: z.string().nullable(),
    domain: z.string().nullable(),
    compose: z.string(),
    version: z.int().min(1).describe("Counts changes of compose, domain and nodeId."),
    status: z.enum(APP_STATUSES),
    nodeId: z.string().nullable(),
    metadata: Metadata,
  })
  .describe("A Compose document, and where it runs.");
export type CoreApp = z.infer<typeof CoreApp>;

/** What an app was in one of its versions. */
export const CoreAppVersion = z
  .object({
    appId: CoreId,
    version: z.int().min(1),
    compose: z.string(),
    domain: z.string().nullable(),
    nodeId: z.string().nullable(),
    createdAt: Timestamp,
  })
  .describe("One version of an app.");
export type CoreAppVersion = z.infer<typeof CoreAppVersion>;

/** Asks for the newest version to be deployed. */
export const CoreDeployRequest = z.strictObject({}).default({});

/** Asks for an earlier version to become the newest one, and to be deployed. */
export const CoreRollbackRequest = z.strictObject({ version: z.int().min(1).describe("The version to go back to.") });
