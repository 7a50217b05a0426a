import { z } from "zod";

const flag = z.enum(["true", "false"]).optional();

/** Query of the log of a container. */
export const LogQuery = z.strictObject({
  pod: z
    .string()
    .regex(/^[a-z0-9][-a-z0-9]{0,62}\/[a-z0-9][-a-z0-9.]{0,252}$/, "must be like NAMESPACE/NAME")
    .describe("Namespace and name of the pod."),
  container: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "must be the name of a container")
    .optional()
    .describe("Container of the pod. Defaults to the only one, or the default one."),
  follow: flag.describe("Whether to wait for more lines. Defaults to false."),
  previous: flag.describe("Whether to read the log of the container before its last restart. Defaults to false."),
  tail: z
    .string()
    .regex(/^[0-9]{1,5}$/, "must be a whole number up to 99999")
    .optional()
    .describe("Number of the last lines. Defaults to 1000."),
  since: z.iso
    .datetime({ offset: true })
    .optional()
    .describe("Only lines from this time on, for a client that connects again."),
});

/** A line of the log of a container. */
export const LogLine = z
  .object({
    time: z.string().describe("Time of the line, in RFC 3339 with nanoseconds."),
    text: z.string().describe("The line, cut after 16 KiB."),
  })
  .describe("A line of a log. A response has one per line (NDJSON).");
