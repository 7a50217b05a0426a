import { z } from "zod";

/** A test message that was requested. */
export const RequestedTest = z
  .object({
    namespace: z.string(),
    name: z.string(),
    requested: z
      .string()
      .describe("status.lastHandledTest of the NotificationChannel repeats it when the message was accepted."),
  })
  .describe("A test message that was requested.");
export type RequestedTest = z.infer<typeof RequestedTest>;
