import type { CoreErrorCode } from "../api/core/error.js";

/** What a fault says besides its message. */
export interface FaultDetails {
  /** Path of the field that is wrong, like `routes.0.host`. */
  readonly field?: string;
  /** The ETag that the resource has now, for a precondition that failed. */
  readonly etag?: string;
}

/**
 * A request that cannot be served as it is. Thrown from anywhere below a handler; the transaction that is open is rolled
 * back. The message goes to the client: what is wrong and what to do, never a secret value.
 */
export class Fault extends Error {
  readonly code: CoreErrorCode;
  readonly field: string | undefined;
  readonly etag: string | undefined;

  constructor(code: CoreErrorCode, message: string, details: FaultDetails = {}) {
    super(message);
    this.name = "Fault";
    this.code = code;
    this.field = details.field;
    this.etag = details.etag;
  }
}

/** Gives `found`, or says that there is no such thing. */
export function existing<T>(found: T | undefined, what: string, id: string): T {
  if (found === undefined) throw new Fault("NOT_FOUND", `there is no ${what} ${JSON.stringify(id)}`);
  return found;
}
