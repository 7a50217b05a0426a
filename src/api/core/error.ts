import { z } from "zod";

/** Error codes of a Core. Clients match these and the HTTP status, never the message. */
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

/** Body of every error response. */
export const CoreError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    field: z.string().optional().describe("Path of the invalid field."),
  }),
});
export type CoreError = z.infer<typeof CoreError>;
