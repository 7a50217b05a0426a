import { z } from "zod";
import { AppRow } from "./apps.js";

/** Query of the sync status. */
export const SyncStatusQuery = z.strictObject({
  q: z
    .string()
    .max(1024)
    .optional()
    .describe("Filter, as for the list of apps. Defaults to all apps that the user may read."),
});

/** State of many apps at once. */
export const SyncStatus = z
  .object({
    total: z.int().describe("Number of apps."),
    sync: z.record(z.string(), z.int()).describe("Number of apps by state."),
    health: z.record(z.string(), z.int()).describe("Number of apps by health."),
    waitingChanges: z.int().describe("Number of Changes that wait for a gate, whatever the filter."),
    items: z.array(AppRow).describe("Apps that are not Synced or not Healthy, the worst first; at most 100."),
  })
  .describe("State of the apps that the user may read.");
export type SyncStatus = z.infer<typeof SyncStatus>;
