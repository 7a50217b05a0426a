import { OverseerError } from "../base/errors.js";

/** The `Status` body with which the API server answers what it refuses. */
export interface KubeStatus {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

/** The API server said no. `code` is `KUBE_<HTTP status>`, `reason` the Status reason. */
export class KubeStatusError extends OverseerError {
  readonly statusCode: number;
  readonly status: KubeStatus;

  constructor(statusCode: number, status: KubeStatus, request: string) {
    const retryAfter = status.details?.retryAfterSeconds;
    super(status.message ?? `the API server answered ${statusCode} to ${request}`, {
      code: `KUBE_${statusCode}`,
      reason: status.reason || "ApiServerError",
      class: "retryable",
      ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter * 1000 }),
    });
    this.statusCode = statusCode;
    this.status = status;
  }
}

/** The API server could not be reached, or cut the answer short. */
export class KubeConnectionError extends OverseerError {
  constructor(message: string, cause: unknown) {
    super(message, { code: "KUBE_UNREACHABLE", reason: "ApiServerUnreachable", class: "retryable", cause });
  }
}

/** The API server sends more than it can have to say in good faith. Nothing of it is taken. */
export class ResponseTooLargeError extends KubeConnectionError {}

/** Nothing was heard on a watch for so long that it counts as dead, though its connection did not break. */
export class WatchSilentError extends KubeConnectionError {}

/** Whether the server did not answer as it should, or a connection to it broke: it may be another one now. */
export function isWentAway(error: unknown): boolean {
  if (error instanceof WatchSilentError) return false;
  return error instanceof KubeConnectionError || isStatus(error, 502) || isStatus(error, 503);
}

/** Whether `error` is the API server's answer with this HTTP status. */
export function isStatus(error: unknown, statusCode: number): error is KubeStatusError {
  return error instanceof KubeStatusError && error.statusCode === statusCode;
}

/** The watch or list cannot go on from this resourceVersion, it is too old or (etcd was restored) too new: list again. */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof KubeStatusError)) return false;
  const tooNew = error.status.details?.causes?.some((cause) => cause.reason === "ResourceVersionTooLarge") ?? false;
  return error.statusCode === 410 || error.status.reason === "Expired" || tooNew;
}

/**
 * Whether the server cannot make anything of what was asked (400, 406, 422), be it since it, or a gateway before it, is another
 * one now: the same again would get the same answer, what is asked anew may not.
 */
export function isNotUnderstood(error: unknown): boolean {
  return isStatus(error, 400) || isStatus(error, 406) || isStatus(error, 422);
}

/** Whether a watch cannot go on from where it was. After more than is taken, what there is has to be seen anew, too. */
export function needsNewList(error: unknown): boolean {
  return isNotFound(error) || isNotUnderstood(error) || error instanceof ResponseTooLargeError;
}

/**
 * Whether a refused apply is the document's fault and no passing one: 400, 403, 404, 409, 413, 422, and the 500s with which the API
 * server answers a document that does not fit the schema (unknown field, wrong type, two entries with one key) or etcd. Those
 * 500s can be told from a broken server by their text alone (tried on 1.35).
 */
export function isDocumentRefusal(error: unknown): error is KubeStatusError {
  if (!(error instanceof KubeStatusError)) return false;
  if ([400, 403, 404, 405, 409, 413, 415, 422].includes(error.statusCode)) return true;
  return (
    error.statusCode === 500 &&
    /failed to create typed patch object|duplicate entries for key|field not declared in schema|error decoding|request is too large|message larger than max/.test(
      error.message,
    )
  );
}

/**
 * A version that some entry of an object's managed fields is booked at and that its definition does not have any more. The API
 * server then refuses every apply by a 500 that only its text tells (tried on 1.35), until the books are rewritten.
 */
export function removedVersion(error: unknown): string | undefined {
  if (!isStatus(error, 500)) return undefined;
  return /request to convert CR to an invalid group\/version: ([^\s,]+)/.exec(error.message)?.[1];
}
