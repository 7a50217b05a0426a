import { z } from "zod";

/** Codes of the errors of a Core. Clients look at these and at the HTTP status, never at the message. */
export const CORE_ERROR_CODES = [
  "INVALID",
  "UNAUTHENTICATED",
  "FORBIDDEN",
  "NOT_FOUND",
  "CONFLICT",
  "IN_USE",
  "PRECONDITION_FAILED",
  "PRECONDITION_REQUIRED",
  "TOO_LARGE",
  "UNSUPPORTED_MEDIA_TYPE",
  "INTERNAL",
] as const;
export type CoreErrorCode = (typeof CORE_ERROR_CODES)[number];

/** Body of every answer that is an error. */
export const CoreError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    field: z.string().optional().describe("Path of the field that is wrong."),
  }),
});
export type CoreError = z.infer<typeof CoreError>;
