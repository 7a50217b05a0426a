import { z } from "zod";
import { CoreDataWork } from "./app-backup.js";
import { CoreId, coreResource } from "./fields.js";

/** Types of jobs that an agent carries out. */
export const JOB_TYPES = ["deploy", "rollback", "remove", "backup", "restore"] as const;
/** What jobs change: what runs on a node, or the data of apps. An agent runs one job of each lane at a time, never two of one app. */
export const JOB_LANES = ["deploy", "data"] as const;
export type JobLane = (typeof JOB_LANES)[number];
/** States of a job. The last two are final. */
export const JOB_STATUSES = ["pending", "running", "completed", "failed"] as const;

/** Number of log lines returned with a job. The complete log has its own endpoint. */
export const JOB_TAIL_LINES = 10;

/** A job as a Core returns it. */
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
        version: z.int().min(1).nullable().describe("Version to deploy. Null if the app is removed, or for its data."),
        revert: z
          .literal(true)
          .optional()
          .describe("Set if the job reverts drift: it starts the images that were deployed, and pulls no newer ones."),
        movedFrom: z
          .string()
          .optional()
          .describe(
            "Name of the node that the app is moved from. It runs there until the job is completed, and is then removed.",
          ),
      })
      .catchall(z.json()),
    result: z.record(z.string(), z.json()).nullable().describe("Result reported by the agent."),
    error: z.string().nullable(),
    logs: z.array(z.string()).describe("Last lines of the log."),
  })
  .describe("A job of an agent and its progress.");
export type CoreJob = z.infer<typeof CoreJob>;

/** A claimed job with everything that the agent needs. */
export const CoreJobWork = z
  .object({
    job: CoreJob,
    compose: z.string().nullable().describe("Compose document to deploy."),
    fallback: z
      .object({ version: z.int().min(1), compose: z.string() })
      .nullable()
      .describe("Last version that was deployed to this node with success, to run again if the deployment fails."),
    secrets: z
      .array(z.object({ name: z.string(), id: CoreId }))
      .describe(
        "Secrets that the documents refer to, with the IDs to read their values by. Missing secrets are not listed.",
      ),
    data: CoreDataWork.nullable().default(null).describe("Settings of a backup or restore. Null for other jobs."),
    nextLine: z.int().min(0).describe("Number of the next log line."),
  })
  .describe("A job that was claimed by an agent.");
export type CoreJobWork = z.infer<typeof CoreJobWork>;

/** Body of a request for the next job of a node. */
export const CoreJobClaim = z.strictObject({
  nodeId: CoreId,
  lane: z.enum(JOB_LANES).default("deploy").describe("Which jobs: deployments, or backups and restores."),
  worker: z
    .int()
    .min(0)
    .max(31)
    .optional()
    .describe(
      "Which of several workers of the agent claims it. A running job is returned only to the worker that claimed it. Workers other than 0 get only jobs that revert drift. If unset, the agent has one worker.",
    ),
});

/** Lines for the log of a job. `from` is the number of the first line, so that a repeated request adds no duplicates. */
export const CoreJobLogs = z.strictObject({
  from: z.int().min(0),
  lines: z.array(z.string().max(4096)).max(1000),
});
export type CoreJobLogs = z.infer<typeof CoreJobLogs>;

/** Final state of a job. */
export const CoreJobEnd = z.strictObject({
  status: z.enum(["completed", "failed"]),
  result: z.record(z.string(), z.json()).nullish(),
  error: z.string().max(4096).nullish(),
});
export type CoreJobEnd = z.infer<typeof CoreJobEnd>;

/** Filter of a list of jobs. */
export const CoreJobFilter = z.strictObject({ appId: CoreId.optional(), status: z.enum(JOB_STATUSES).optional() });

/** Which lines of a log to return. */
export const CoreJobLogFilter = z.strictObject({
  from: z.coerce.number().int().min(0).default(0).describe("Number of the first line. Defaults to 0."),
});

/** Lines of the log of a job. */
export const CoreJobLog = z
  .object({
    logs: z
      .array(z.string())
      .describe("Lines. A long log lacks lines in the middle; one in their place says how many they are."),
    next: z.int().min(0).describe("Number of the line after them, to continue with."),
  })
  .describe("The log of a job, or the part of it from a line on.");
