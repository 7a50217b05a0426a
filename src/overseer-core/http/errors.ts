import type { CoreError, CoreErrorCode } from "../../api/core/error.js";
import type { Logger } from "../../base/logger.js";
import { ApiError } from "../api-error.js";

/** HTTP status of each error code. */
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

/** An error response. */
export interface ErrorReply {
  readonly status: number;
  readonly body: CoreError;
  readonly etag?: string;
}

/** Returns the body of an error response. */
export function errorBody(code: CoreErrorCode, message: string, field?: string): CoreError {
  return { error: { code, message, ...(field === undefined ? {} : { field }) } };
}

/** Converts any thrown error to a response. An unexpected error is logged, and its details are not sent to the client. */
export function errorReply(error: unknown, logger: Logger): ErrorReply {
  const apiError = asApiError(error);
  if (apiError === undefined) {
    logger.error("request failed", { error });
    return { status: 500, body: errorBody("INTERNAL", "internal error: see the log of the Core") };
  }
  const { code, message, field, etag } = apiError;
  return { status: STATUS_OF[code], body: errorBody(code, message, field), ...(etag === undefined ? {} : { etag }) };
}

/** Converts the errors of fastify by their codes. Their messages may quote the request, so they are not passed on. */
function asApiError(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error;
  if (!(error instanceof Error)) return undefined;
  const code = "code" in error ? error.code : undefined;
  const status = "statusCode" in error ? Number(error.statusCode) : 500;
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return new ApiError("TOO_LARGE", "the body is larger than 1 MiB");
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return new ApiError("UNSUPPORTED_MEDIA_TYPE", "unsupported content type: send application/json");
  }
  if (status === 404) return new ApiError("NOT_FOUND", "path not found");
  if (status >= 400 && status < 500) return new ApiError("INVALID", "the request is malformed");
  return undefined;
}
