import type { z } from "zod";
import { Fault } from "../fault.js";

/**
 * What a schema makes of something from outside; undefined without a schema. Throws a Fault INVALID that names the first field
 * that is wrong. The message never repeats a value, which may be a secret.
 */
export function parse<S extends z.ZodType>(schema: S | undefined, value: unknown, what: "body" | "query"): z.output<S> {
  if (schema === undefined) return undefined as z.output<S>;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join(".") ?? "";
  const place = field === "" ? `the ${what}` : field;
  const message = value === undefined && field === "" ? "is missing: send JSON" : (issue?.message ?? "is wrong");
  throw new Fault("INVALID", `${place}: ${message}`, field === "" ? {} : { field });
}
