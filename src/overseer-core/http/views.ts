import { z } from "zod";

/** A body that is one message and one thing. */
export function withMessage<K extends string, S extends z.ZodType>(key: K, schema: S) {
  const fields = { message: z.string().describe("What was done, for people."), [key]: schema };
  return z.object(fields as { message: z.ZodString } & Record<K, S>);
}

/** A body that is one thing under its name. */
export function named<K extends string, S extends z.ZodType>(key: K, schema: S) {
  return z.object({ [key]: schema } as Record<K, S>);
}
