import type { Reason } from "../../../api/reasons.js";
import { OverseerError } from "../../../base/errors.js";

/** Error codes of requests to a Core. */
export type CoreErrorCode =
  | "CORE_ADDRESS_INVALID"
  | "CORE_SECRET_INVALID"
  | "CORE_UNREACHABLE"
  | "CORE_TIMEOUT"
  | "CORE_INVALID_RESPONSE"
  | "CORE_UNAUTHENTICATED"
  | "CORE_FORBIDDEN"
  | "CORE_NOT_FOUND"
  | "CORE_CONFLICT"
  | "CORE_CHANGED"
  | "CORE_REFUSED"
  | "CORE_FAILED";

const REASONS: Readonly<Record<CoreErrorCode, Reason>> = {
  CORE_ADDRESS_INVALID: "CoreAddressInvalid",
  CORE_SECRET_INVALID: "CoreSecretInvalid",
  CORE_UNREACHABLE: "CoreUnreachable",
  CORE_TIMEOUT: "CoreTimeout",
  CORE_INVALID_RESPONSE: "CoreInvalidResponse",
  CORE_UNAUTHENTICATED: "CoreAuthenticationFailed",
  CORE_FORBIDDEN: "CoreForbidden",
  CORE_NOT_FOUND: "CoreNotFound",
  CORE_CONFLICT: "CoreConflict",
  CORE_CHANGED: "CoreConflict",
  CORE_REFUSED: "CoreRefused",
  CORE_FAILED: "CoreFailed",
};

/** Errors after which a write may or may not have been made. */
const UNCERTAIN: ReadonlySet<string> = new Set([
  "CORE_UNREACHABLE",
  "CORE_TIMEOUT",
  "CORE_INVALID_RESPONSE",
  "CORE_FAILED",
]);

/** A failed request to an Overseer Core. The message has the Core's URL, the cause and a remedy, never the token. */
export class CoreError extends OverseerError {
  override readonly code: CoreErrorCode;

  constructor(
    code: CoreErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {},
  ) {
    const terminal = code === "CORE_ADDRESS_INVALID" || code === "CORE_REFUSED";
    super(message, { code, reason: REASONS[code], class: terminal ? "terminal" : "retryable", ...options });
    this.code = code;
  }

  /** Whether the Core may have executed the request anyway. */
  get uncertain(): boolean {
    return UNCERTAIN.has(this.code);
  }
}

/** Whether an error is a CoreError, with the given code if any. */
export function isCoreError(error: unknown, code?: CoreErrorCode): error is CoreError {
  return error instanceof CoreError && (code === undefined || error.code === code);
}
