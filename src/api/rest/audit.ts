import { z } from "zod";
import { NameParam, NamespaceParam, Time } from "./fields.js";

/** Results of an audited action. */
export const AUDIT_OUTCOMES = ["Started", "Succeeded", "Failed", "Refused"] as const;

const instant = (meaning: string) =>
  z
    .string()
    .max(40)
    .refine((text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)), "must be a time in RFC 3339")
    .describe(meaning);

/** What to look for in the audit trail. */
export const AuditQuery = z.strictObject({
  user: z.string().max(256).optional().describe("Name of the user, in full."),
  verb: z.string().max(63).optional().describe("Verb, for example sync, approve or heal."),
  outcome: z.enum(AUDIT_OUTCOMES).optional().describe("Outcome of the action."),
  namespace: NamespaceParam.optional().describe("Namespace of the object."),
  name: NameParam.optional().describe("Name of the object. Records about Changes of an app name the app."),
  since: instant("Earliest time, in RFC 3339.").optional(),
  until: instant("Time before which the records were made, in RFC 3339.").optional(),
  limit: z
    .string()
    .regex(/^[0-9]{1,3}$/, "must be a whole number from 1 to 500")
    .transform(Number)
    .pipe(z.number().min(1, "must be at least 1").max(500, "must be at most 500"))
    .optional()
    .describe("Number of records. Defaults to 100."),
  before: z
    .string()
    .max(256)
    .regex(/^[0-9-]*\/[0-9-]*$/, "must be the next of an earlier response")
    .optional()
    .describe("The `next` of an earlier response, for older records."),
});
export type AuditQuery = z.output<typeof AuditQuery>;

/** A record as it is stored. */
export const AuditRecordView = z
  .object({
    chain: z.string().describe("Identifies the chain of records."),
    number: z.int().describe("Number within the chain."),
    time: Time,
    actor: z.string().describe("User, or overseer-gitops for what the operator does on its own."),
    verb: z.string(),
    object: z.object({ kind: z.string(), namespace: z.string().optional(), name: z.string() }),
    outcome: z.enum(AUDIT_OUTCOMES),
    details: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])).optional(),
    previous: z.string().describe("Hash of the record before."),
    hash: z.string().describe("SHA-256 of all other fields, as canonical JSON."),
  })
  .describe("An audited action.");
export type AuditRecordView = z.infer<typeof AuditRecordView>;

/** A record, and where older ones continue. */
export const AuditHit = z.object({ record: AuditRecordView, cursor: z.string() });

/** Records of one process, newest first. */
export const AuditPart = z.object({
  hits: z.array(AuditHit),
  next: z.string().optional().describe("Where the search for older records continues. Unset at the end."),
  reached: Time.optional().describe("Time of the oldest record that was searched, if there may be older ones."),
  stored: z.enum(["files", "memory"]).describe("memory: only the latest records since the process started."),
  begins: Time.optional().describe("With memory: time of the oldest record that may be there."),
  damaged: z.int().describe("Number of lines that were changed since they were written. They are omitted."),
});
export type AuditPart = z.infer<typeof AuditPart>;

/** What a page of the trail was answered from. */
export const AuditSource = z.object({
  name: z
    .enum(["operator", "api"])
    .describe(
      "operator: the leader, with syncs, decisions, heals and prunes. api: this replica of the REST API, with the writes that it received.",
    ),
  stored: z.enum(["files", "memory"]).optional().describe("memory: only the latest records since the process started."),
  begins: Time.optional().describe("With memory: earlier records are in the log of the process only."),
  unavailable: z.string().optional().describe("Why its records are missing."),
  damaged: z.int().optional().describe("Number of lines that were changed since they were written."),
});

/** A page of the audit trail. */
export const AuditPage = z
  .object({
    items: z.array(AuditRecordView).describe("Records, newest first."),
    next: z.string().optional().describe("For older records: give it as `before`. Unset if there are none."),
    searchedTo: Time.optional().describe("How far back this page has searched, if there may be older records."),
    sources: z.array(AuditSource).describe("What the page was answered from."),
  })
  .describe("A page of the audit trail.");
export type AuditPage = z.infer<typeof AuditPage>;
