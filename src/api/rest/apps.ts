import { z } from "zod";
import { HEALTH, OverseerAppSpec, OverseerAppStatus } from "../overseer-app.js";
import { Can, LIST_QUERY, listOf, Time } from "./fields.js";
import { ResourceMeta } from "./resource.js";

/** States of an app, from worst to best. */
export const SYNC_STATES = [
  "Failed",
  "Contested",
  "Deleting",
  "Drifted",
  "Waiting",
  "Applying",
  "Unknown",
  "Paused",
  "Suspended",
  "Synced",
] as const;
export type SyncState = (typeof SYNC_STATES)[number];

/** An app in a list. */
export const AppRow = z
  .object({
    namespace: z.string(),
    name: z.string(),
    health: z.enum(HEALTH),
    sync: z
      .enum(SYNC_STATES)
      .describe(
        "Failed: the last attempt failed, or the app cannot be synced until it is edited. Contested: another writer keeps changing a field. Deleting: being deleted. Drifted: live objects differ and are not healed. Waiting: a Change waits for a gate. Applying: being synced. Unknown: not reconciled yet. Paused: some objects are not reconciled. Suspended: not reconciled. Synced: live objects match the desired state.",
      ),
    environment: z.string().optional(),
    repository: z.string().describe("Name of the GitRepository, with its namespace if it is another one."),
    revision: z.string().optional().describe("Applied revision with a short commit ID."),
    destination: z
      .string()
      .describe("kubernetes/NAMESPACE, remote/SECRET/NAMESPACE for another cluster, or overseer/HOST for a Core."),
    change: z.string().optional().describe("Name of the current Change, or else of the last one."),
    changed: Time.optional().describe("Time of the last change of the condition Ready or Synced."),
    objects: z.int().optional().describe("Number of objects in the desired state."),
    promotable: z.string().optional().describe("Short ID of the commit that can be promoted to this app."),
    pinned: z.literal(true).optional().describe("Whether the app stays at earlier inputs after a rollback."),
    message: z.string().optional().describe("Why the app is not Synced and Healthy."),
    deleted: z.literal(true).optional().describe("The app has been deleted since the snapshot was made."),
  })
  .describe("An app in a list.");
export type AppRow = z.infer<typeof AppRow>;

/** Query of the list of apps. */
export const AppListQuery = z.strictObject({
  ...LIST_QUERY,
  can: z.enum(["true", "false"]).optional().describe("Whether to add what the user may do, by namespace."),
});

/** A window of apps. */
export const AppList = listOf(AppRow).extend({
  can: z
    .record(z.string(), Can)
    .optional()
    .describe("What the user may do with all apps of a namespace of the window."),
});
export type AppList = z.infer<typeof AppList>;

/** One app. */
export const AppDetail = z
  .object({
    ...ResourceMeta,
    spec: OverseerAppSpec,
    status: OverseerAppStatus.optional(),
    row: AppRow.describe("The app as lists show it."),
    can: Can,
  })
  .describe("An OverseerApp as the API server returns it, without managed fields.");
export type AppDetail = z.infer<typeof AppDetail>;
