/** A JSON response. */
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
  /** Whether to close the connection, so that the rest of the request is not received. */
  readonly close?: boolean;
  /** Seconds after which to retry. */
  readonly retryAfter?: number;
}

/** Returns an error response with a machine-readable code and a message. */
export function errorReply(status: number, code: string, message: string): Reply {
  return { status, body: { code, message } };
}

/** Response for missing paths and for resources whose existence must not be disclosed. */
export const NOT_FOUND: Reply = errorReply(404, "NOT_FOUND", "not found");
