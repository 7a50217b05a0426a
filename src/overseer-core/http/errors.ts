import type { CoreError, CoreErrorCode } from "../../api/core/error.js";
import type { Logger } from "../../base/logger.js";
import { Fault } from "../fault.js";

/** The HTTP status of each code. */
export const STATUS_OF: Readonly<Record<CoreErrorCode, number>> = {
  INVALID: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  IN_USE: 409,
  PRECONDITION_FAILED: 412,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  PRECONDITION_REQUIRED: 428,
  INTERNAL: 500,
};

/** An error as it is answered. */
export interface ErrorReply {
  readonly status: number;
  readonly body: CoreError;
  readonly etag?: string;
}

/** Body of an error answer. */
export function errorBody(code: CoreErrorCode, message: string, field?: string): CoreError {
  return { error: { code, message, ...(field === undefined ? {} : { field }) } };
}

/** What is answered to anything thrown. What nobody expected is logged, and the client learns nothing of it. */
export function errorReply(error: unknown, logger: Logger): ErrorReply {
  const fault = asFault(error);
  if (fault === undefined) {
    logger.error("a request failed", { error });
    return { status: 500, body: errorBody("INTERNAL", "something went wrong in the Core: its log says what") };
  }
  const { code, message, field, etag } = fault;
  return { status: STATUS_OF[code], body: errorBody(code, message, field), ...(etag === undefined ? {} : { etag }) };
}

/** Our own errors, and fastify's, by their codes. Their texts may repeat what the client sent, and are not passed on. */
function asFault(error: unknown): Fault | undefined {
  if (error instanceof Fault) return error;
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? error.code : undefined;
  const status = "statusCode" in error ? Number(error.statusCode) : 500;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return new Fault("TOO_LARGE", "the body is larger than 1 MiB");
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new Fault("UNSUPPORTED_MEDIA_TYPE", "send JSON: content-type: application/json");
  }
  if (status === 404) return new Fault("NOT_FOUND", "there is no such path");
  if (status >= 400 && status < 500) return new Fault("INVALID", "the request cannot be read");
  return undefined;
}
