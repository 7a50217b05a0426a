import { z } from "zod";

const Labels = z.record(z.string().max(128), z.string().max(1024));

/** One alert of a notification. */
export const Alert = z.looseObject({
  status: z.enum(["firing", "resolved"]),
  labels: Labels.describe("overseer_app, NAMESPACE/NAME, names the OverseerApp to roll back."),
  startsAt: z.iso.datetime({ offset: true }).describe("Time at which the alert began."),
  fingerprint: z.string().max(64).describe("Identifies the labels of the alert."),
});
export type Alert = z.infer<typeof Alert>;

/** A notification of an Alertmanager, version 4. Fields that are not listed are ignored. */
export const AlertNotification = z
  .looseObject({
    version: z.literal("4"),
    alerts: z
      .array(Alert)
      .max(500)
      .describe("Alerts. Those that are resolved, or have no label overseer_app, are ignored."),
  })
  .describe("A notification of an Alertmanager, version 4.");

/** What was done for the apps that a notification names. */
export const AlertResults = z
  .object({
    results: z.array(
      z.object({
        app: z.string().describe("Namespace and name of the OverseerApp."),
        result: z.enum(["Requested", "Skipped", "Refused"]),
        change: z.string().optional().describe("Name of the Change that was requested."),
        reason: z.string().optional().describe("Why no Change was requested."),
      }),
    ),
  })
  .describe("What was done for the apps that a notification names.");
export type AlertResults = z.infer<typeof AlertResults>;
