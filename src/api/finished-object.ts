import { z } from "zod";

/** Result of a finished object, such as a Job with ttlSecondsAfterFinished. */
export const FinishedObject = z
  .object({
    key: z.string().max(768).describe("Group, kind, namespace and name of the object."),
    hash: z.string().max(64).describe("Hash of the document that has run."),
    result: z.enum(["Succeeded", "Failed"]).describe("Result of the run."),
    expires: z.iso.datetime().optional().describe("Time at which its time to live expires."),
  })
  .describe("A finished object.");
export type FinishedObject = z.infer<typeof FinishedObject>;

/** Maximum number of finished objects that a status holds in full. Further ones are held as digests. */
export const MAX_FINISHED = 200;
/** Maximum number of digests of further finished objects. */
export const MAX_FINISHED_DIGESTS = 4000;
