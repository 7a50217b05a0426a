import type { CoreErrorCode } from "../api/core/error.js";

/** Details of an API error besides its message. */
export interface ApiErrorDetails {
  /** Path of the invalid field, like `routes.0.host`. */
  readonly field?: string;
  /** Current ETag of the resource, for a failed precondition. */
  readonly etag?: string;
}

/**
 * An error to return to the client. It can be thrown anywhere below a handler and rolls back the open transaction. The
 * message states the problem and the remedy, and never contains a secret value.
 */
export class ApiError extends Error {
  readonly code: CoreErrorCode;
  readonly field: string | undefined;
  readonly etag: string | undefined;

  constructor(code: CoreErrorCode, message: string, details: ApiErrorDetails = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.field = details.field;
    this.etag = details.etag;
  }
}

/** Returns `found`. Throws NOT_FOUND if it is undefined. */
export function existing<T>(found: T | undefined, what: string, id: string): T {
  if (found === undefined) throw new ApiError("NOT_FOUND", `${what} ${JSON.stringify(id)} not found`);
  return found;
}
