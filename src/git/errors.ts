import { type ErrorClass, OverseerError } from "../base/errors.js";

/**
 * All expected Git errors: stable code, condition reason, and class. Errors that can be fixed at the remote without changing the
 * operator's objects are retryable: the next poll detects the fix.
 */
const ERRORS = {
  GIT_URL_INVALID: ["InvalidURL", "terminal"],
  GIT_TRANSPORT_UNSUPPORTED: ["UnsupportedTransport", "terminal"],
  GIT_HOST_NOT_ALLOWED: ["HostNotAllowed", "terminal"],
  GIT_CREDENTIAL_INVALID: ["InvalidCredential", "terminal"],
  GIT_REF_INVALID: ["InvalidReference", "terminal"],
  GIT_HOST_KEY_UNKNOWN: ["HostKeyUnknown", "retryable"],
  GIT_HOST_KEY_CHANGED: ["HostKeyChanged", "retryable"],
  GIT_AUTH_FAILED: ["AuthenticationFailed", "retryable"],
  GIT_REPOSITORY_NOT_FOUND: ["RepositoryNotFound", "retryable"],
  GIT_UNREACHABLE: ["GitUnreachable", "retryable"],
  GIT_TIMEOUT: ["FetchTimeout", "retryable"],
  GIT_BUSY: ["FetchWaiting", "retryable"],
  GIT_TLS: ["TLSFailed", "retryable"],
  GIT_REDIRECTED: ["Redirected", "retryable"],
  GIT_RATE_LIMITED: ["RateLimited", "retryable"],
  GIT_SERVER_ERROR: ["GitServerError", "retryable"],
  GIT_PROTOCOL: ["NotAGitRepository", "retryable"],
  GIT_EMPTY_REPOSITORY: ["EmptyRepository", "retryable"],
  GIT_REF_NOT_FOUND: ["ReferenceNotFound", "retryable"],
  GIT_COMMIT_NOT_FOUND: ["CommitNotFound", "retryable"],
  GIT_NOT_A_COMMIT: ["NotACommit", "terminal"],
  GIT_REMOTE_FAILED: ["RemoteFailed", "retryable"],
  GIT_PACK_CORRUPT: ["CorruptPack", "retryable"],
  GIT_INCOMPLETE: ["IncompleteFetch", "retryable"],
  GIT_STORE_DAMAGED: ["GitStoreDamaged", "retryable"],
  GIT_STORE_UNWRITABLE: ["GitStoreUnwritable", "retryable"],
  GIT_CACHE_FULL: ["CacheFull", "retryable"],
  GIT_OBJECT_NOT_FOUND: ["ObjectNotFound", "terminal"],
  GIT_TOO_LARGE: ["RepositoryTooLarge", "terminal"],
  GIT_TREE_INVALID: ["InvalidTree", "terminal"],
  GIT_TREE_TOO_LARGE: ["TreeTooLarge", "terminal"],
  GIT_PERMISSION_DENIED: ["PermissionDenied", "retryable"],
  GIT_HOST_NOT_FOUND: ["NotFoundAtHost", "retryable"],
  GIT_HOST_REFUSED: ["RefusedByHost", "retryable"],
  GIT_HOST_PROTOCOL: ["NotTheHostAPI", "retryable"],
  GIT_PROVIDER_UNSUPPORTED: ["ProviderUnsupported", "terminal"],
  GIT_PATH_UNSAFE: ["UnsafePath", "terminal"],
  GIT_SUBMODULE_INVALID: ["InvalidSubmodule", "terminal"],
  GIT_UNSIGNED: ["Unsigned", "retryable"],
  GIT_SIGNATURE_INVALID: ["InvalidSignature", "retryable"],
  GIT_KEY_UNTRUSTED: ["UntrustedKey", "retryable"],
  GIT_NOT_A_DESCENDANT: ["NotADescendant", "retryable"],
  GIT_RANGE_TOO_LONG: ["RangeTooLong", "retryable"],
  GIT_HISTORY_UNSUPPORTED: ["HistoryUnsupported", "retryable"],
  GIT_VERIFIER_UNAVAILABLE: ["VerifierUnavailable", "retryable"],
  GIT_KEYS_NOT_FOUND: ["SecretNotFound", "retryable"],
  GIT_KEYS_INVALID: ["InvalidVerificationKeys", "terminal"],
} as const satisfies Record<string, readonly [reason: string, errorClass: ErrorClass]>;

/** Codes of errors that mean: the signatures of a revision do not satisfy `spec.verify`, or could not be verified. */
export const VERIFICATION_ERRORS = [
  "GIT_UNSIGNED",
  "GIT_SIGNATURE_INVALID",
  "GIT_KEY_UNTRUSTED",
  "GIT_NOT_A_DESCENDANT",
  "GIT_RANGE_TOO_LONG",
  "GIT_HISTORY_UNSUPPORTED",
  "GIT_VERIFIER_UNAVAILABLE",
  "GIT_KEYS_NOT_FOUND",
  "GIT_KEYS_INVALID",
] as const satisfies readonly GitErrorCode[];

/** Stable code of a Git error, safe to match on. */
export type GitErrorCode = keyof typeof ERRORS;

/** An expected error while fetching, verifying or reading a repository. */
export class GitError extends OverseerError {
  declare readonly code: GitErrorCode;

  constructor(code: GitErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    const [reason, errorClass] = ERRORS[code];
    super(message, { ...options, code, reason, class: errorClass });
  }
}

/** Returns whether `error` is a Git error with one of these codes. */
export function isGitError(error: unknown, ...codes: readonly GitErrorCode[]): error is GitError {
  return error instanceof GitError && codes.includes(error.code);
}

/** Returns the error for an object above the size limit; `id` if known. */
export function objectTooLarge(bytes: number, max: number, id?: string): GitError {
  return new GitError(
    "GIT_TOO_LARGE",
    `a file in the repository${id === undefined ? "" : ` (object ${id})`} has ${bytes} bytes; at most ${max} are allowed: remove the file, or raise the operator flag --git-max-object-bytes`,
  );
}
