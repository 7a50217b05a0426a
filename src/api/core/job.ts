import { z } from "zod";
import { CoreId, coreResource } from "./fields.js";

/** What an agent can be asked to do. */
export const JOB_TYPES = ["deploy", "rollback", "remove"] as const;
/** How far a job is. The last two are its end. */
export const JOB_STATUSES = ["pending", "running", "completed", "failed"] as const;

/** Last lines of the log that every view of a job shows; the whole log is a call of its own. */
export const JOB_TAIL_LINES = 10;

/** A job as a Core shows it. */
export const CoreJob = z
  .object({
    ...coreResource,
    type: z.enum(JOB_TYPES),
    status: z.enum(JOB_STATUSES),
    nodeId: z.string().nullable(),
    appId: z.string().nullable(),
    payload: z
      .object({
        app: z.string().describe("Name of the app."),
        version: z.int().min(1).nullable().describe("Version that is deployed; none: the app is removed."),
      })
      .catchall(z.json()),
    result: z.record(z.string(), z.json()).nullable().describe("What the agent reported: its runner, what it keeps."),
    error: z.string().nullable(),
    logs: z.array(z.string()).describe("The last lines of the log."),
  })
  .describe("Something that an agent does, and how far it is.");
export type CoreJob = z.infer<typeof CoreJob>;

/** What an agent needs to do a job. */
export const CoreJobWork = z
  .object({
    job: CoreJob,
    compose: z.string().nullable().describe("The document to deploy."),
    secrets: z
      .array(z.object({ name: z.string(), id: CoreId }))
      .describe(
        "Secrets that the document refers to, and where their values are asked for. One that is missing is not there.",
      ),
    nextLine: z.int().min(0).describe("Number that the next line of the log has."),
  })
  .describe("A job, claimed by the agent that is given it.");
export type CoreJobWork = z.infer<typeof CoreJobWork>;

/** Asks for the next job of a node. */
export const CoreJobClaim = z.strictObject({ nodeId: CoreId });

/** Lines for the log of a job. `from` is the number of the first one, so that sending again adds nothing twice. */
export const CoreJobLogs = z.strictObject({
  from: z.int().min(0),
  lines: z.array(z.string().max(4096)).max(1000),
});
export type CoreJobLogs = z.infer<typeof CoreJobLogs>;

/** How a job ended. */
export const CoreJobEnd = z.strictObject({
  status: z.enum(["completed", "failed"]),
  result: z.record(z.string(), z.json()).nullish(),
  error: z.string().max(4096).nullish(),
});
export type CoreJobEnd = z.infer<typeof CoreJobEnd>;

/** Which app a job is about, for a list of jobs. */
export const CoreJobFilter = z.strictObject({ appId: CoreId.optional(), status: z.enum(JOB_STATUSES).optional() });
