import type { z } from "zod";
import { ApiError } from "../api-error.js";

/**
 * Validates a body or query against a schema; returns undefined without a schema. Throws INVALID that names the first
 * invalid field. The message never quotes a value, which may be a secret.
 */
export function parse<S extends z.ZodType>(schema: S | undefined, value: unknown, what: "body" | "query"): z.output<S> {
  if (schema === undefined) return undefined as z.output<S>;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join(".") ?? "";
  const place = field === "" ? `the ${what}` : field;
  const message = value === undefined && field === "" ? "is required: send JSON" : (issue?.message ?? "is invalid");
  throw new ApiError("INVALID", `${place}: ${message}`, field === "" ? {} : { field });
}
