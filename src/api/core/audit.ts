import { z } from "zod";
import { CoreId, Timestamp } from "./fields.js";

/** An entry of the audit log. */
export const CoreAuditEvent = z
  .object({
    id: CoreId,
    actor: z.string().describe("Name of the token that made the request."),
    action: z.string().describe("Action, for example app.update."),
    resource: z.string().describe("Kind of the resource, for example app."),
    resourceId: z.string().nullable(),
    details: z.record(z.string(), z.json()),
    createdAt: Timestamp,
  })
  .describe("An action of a user or program. Never contains values of secrets.");
export type CoreAuditEvent = z.infer<typeof CoreAuditEvent>;
