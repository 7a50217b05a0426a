import type { z } from "zod";
import type { ProblemPart } from "../api/problem.js";
import { ProblemError, pointerTo } from "./problem.js";

/** Part of a request that is validated. */
export type RequestPart = "body" | "path" | "query";

/** Maximum number of invalid parts that a response lists. */
const MAX_PARTS = 20;

/**
 * Validates a part of a request against a schema; returns it unchanged without a schema. Throws INVALID with all invalid
 * fields; the text names the first. It never quotes a value, which may be a secret.
 */
export function validate<S extends z.ZodType>(schema: S | undefined, value: unknown, part: RequestPart): z.output<S> {
  if (schema === undefined) return value as z.output<S>;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const missing = value === undefined && part === "body";
  const { issues } = result.error;
  const [first] = issues;
  const place = first === undefined || first.path.length === 0 ? `the ${part}` : first.path.join(".");
  const text = missing ? "is required: send JSON" : (first?.message ?? "is invalid");
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const errors = missing ? [] : issues.slice(0, MAX_PARTS).map((issue) => partOf(issue, part));
  throw new ProblemError("INVALID", `${place}: ${text}${more}`, { errors });
}

function partOf({ path, message }: z.core.$ZodIssue, part: RequestPart): ProblemPart {
  if (part === "body") return { pointer: pointerTo(path), detail: message };
  return path.length === 0 ? { detail: message } : { parameter: path.join("."), detail: message };
}
