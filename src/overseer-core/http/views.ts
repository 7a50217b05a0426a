import { z } from "zod";

/** Schema of a body with a message and one resource. */
export function withMessage<K extends string, S extends z.ZodType>(key: K, schema: S) {
  const fields = { message: z.string().describe("Human-readable description of the result."), [key]: schema };
  return z.object(fields as { message: z.ZodString } & Record<K, S>);
}

/** Schema of a body with one named member. */
export function named<K extends string, S extends z.ZodType>(key: K, schema: S) {
  return z.object({ [key]: schema } as Record<K, S>);
}
