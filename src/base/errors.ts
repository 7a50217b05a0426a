/** How an error is to be met: tried again by itself, or only after somebody changed something. */
export type ErrorClass = "retryable" | "terminal";

/** What every error of this product carries. */
export interface OverseerErrorOptions {
  /** Stable code, documented and safe to match on, for example `GIT_AUTH_FAILED`. */
  readonly code: string;
  /** CamelCase reason for the status condition, for example `AuthenticationFailed`. */
  readonly reason: string;
  readonly class: ErrorClass;
  readonly cause?: unknown;
  /** Do not try again earlier than this many milliseconds from now (a server's Retry-After). */
  readonly retryAfterMs?: number;
}

/**
 * The root of all expected errors. The message is for the person who reads the condition: what is wrong, where,
 * and what to do. It never holds a secret value. Programs look at `code` and `class`, never at the message.
 */
export class OverseerError extends Error {
  readonly code: string;
  readonly reason: string;
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

/** The message of anything thrown, for a log line or a condition. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether trying again without a change from outside can help. Unknown errors are taken to be passing faults. */
export function isTerminal(error: unknown): boolean {
  return error instanceof OverseerError && error.class === "terminal";
}
