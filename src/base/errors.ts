/** Whether an error is retried automatically, or only after a change. */
export type ErrorClass = "retryable" | "terminal";

/**
 * The reasons that errors may have, as keys. This module knows no API: `api/reasons.ts` adds the documented ones, so that the compiler
 * rejects others.
 */
export interface ErrorReasons {
  /** The reason of an error of `base/`. */
  readonly LeadershipLost: { readonly meaning: string };
}

/** A reason that an API server gave, for example `Forbidden`. It is passed on as it is. */
export type ServerReason = string & { readonly givenBy: "server" };

/** Marks a reason as given by an API server. */
export function serverReason(reason: string): ServerReason {
  return reason as ServerReason;
}

/** The reason of an error. */
export type ErrorReason = keyof ErrorReasons | ServerReason;

/** Options of an expected error. */
export interface OverseerErrorOptions {
  /** Stable code, documented and safe to match on, for example `GIT_AUTH_FAILED`. */
  readonly code: string;
  /** CamelCase reason for the status condition, for example `AuthenticationFailed`. */
  readonly reason: ErrorReason;
  readonly class: ErrorClass;
  readonly cause?: unknown;
  /** Minimum delay in milliseconds before a retry (a server's Retry-After). */
  readonly retryAfterMs?: number;
}

/**
 * Base class of all expected errors. The message is shown in conditions: cause, place and remedy, never a secret value.
 * Programs match on `code` and `class`, never on the message.
 */
export class OverseerError extends Error {
  readonly code: string;
  readonly reason: ErrorReason;
  readonly class: ErrorClass;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: OverseerErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.reason = options.reason;
    this.class = options.class;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Returns the message of any thrown value, for a log line or a condition. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Returns whether a retry cannot succeed without a change. Unknown errors count as temporary. */
export function isTerminal(error: unknown): boolean {
  return error instanceof OverseerError && error.class === "terminal";
}
