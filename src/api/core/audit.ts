import { z } from "zod";
import { CoreId, Timestamp } from "./fields.js";

/** What was done, and by whom. */
export const CoreAuditEvent = z
  .object({
    id: CoreId,
    actor: z.string().describe("Name of the token that did it."),
    action: z.string().describe("What was done, like app.update."),
    resource: z.string().describe("Kind of the resource, like app."),
    resourceId: z.string().nullable(),
    details: z.record(z.string(), z.json()),
    createdAt: Timestamp,
  })
  .describe("One thing that somebody did. Never a secret value.");
export type CoreAuditEvent = z.infer<typeof CoreAuditEvent>;
