import { z } from "zod";

/** Name of a namespace in a path. */
export const NamespaceParam = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, "must be the name of a namespace")
  .describe("Namespace of the object.");

/** Name of an object in a path. */
export const NameParam = z
  .string()
  .max(253, "must have at most 253 characters")
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/, "must be the name of an object")
  .describe("Name of the object.");

/** Path parameters of one object. */
export const ObjectParams = z.object({ namespace: NamespaceParam, name: NameParam });

/** A time in RFC 3339, in UTC. */
export const Time = z.string().describe("Time in RFC 3339, in UTC.");

/** Verbs that a user may have for an app, as RBAC names them; `update` covers suspend, resume and refresh. */
export const APP_VERBS = ["sync", "rollback", "promote", "approve", "update", "delete"] as const;
export type AppVerb = (typeof APP_VERBS)[number];

/** What the user may do with an app. Hints for user interfaces: the API server decides at each request. */
export const Can = z
  .array(z.enum(APP_VERBS))
  .describe("What the user may do with the app. A hint: the API server decides again at each request.");

/** Parameters that all lists have. */
export const LIST_QUERY = {
  q: z
    .string()
    .max(8192)
    .optional()
    .describe(
      "Filter: terms separated by spaces. key:value compares a field, with commas between alternatives; label:key=value compares a label; a leading - negates; other words are searched for.",
    ),
  sort: z
    .string()
    .max(256)
    .optional()
    .describe("Columns to sort by, separated by commas; a leading - reverses the order. Defaults to the worst first."),
  limit: count(1, 500, "Number of rows. Defaults to 100.").optional(),
  offset: count(0, 1_000_000, "Number of rows to skip. Defaults to 0.").optional(),
  snapshot: z
    .string()
    .max(64)
    .optional()
    .describe(
      "Snapshot of an earlier response: rows keep their place for 60 seconds, so that pages neither skip nor repeat rows.",
    ),
} as const;

/** Facets of a list: number of rows by value. */
export const Facets = z
  .record(z.string(), z.record(z.string(), z.int()))
  .describe("Number of rows by field and value, each without the filter for its own field. At most 50 values a field.");

/** Returns the schema of a window of rows. */
export function listOf<Row extends z.ZodType>(row: Row) {
  return z.object({
    items: z.array(row).describe("The rows of the window."),
    total: z.int().describe("Number of rows that match the filter."),
    facets: Facets.optional().describe("Only without snapshot."),
    snapshot: z.string().describe("Identifies the order of the rows, for further windows."),
    version: z
      .string()
      .describe("Position in the event stream, for Last-Event-ID: later events are newer than these rows."),
  });
}

function count(min: number, max: number, description: string) {
  return z
    .string()
    .regex(/^[0-9]{1,7}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
    .describe(description);
}
