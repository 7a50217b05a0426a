import { OverseerError, serverReason } from "../base/errors.js";

/** `Status` body of a rejected request. */
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

/**
 * Reads a `Status` body. Members of other types are dropped: the server of a remote cluster, or a proxy before it, may respond with
 * anything.
 */
export function readStatus(body: unknown): KubeStatus {
  const { code, reason, message, details } = recordOf(body);
  const { name, group, kind, retryAfterSeconds, causes } = recordOf(details);
  const found = {
    ...texts({ name, group, kind }),
    ...(typeof retryAfterSeconds === "number" ? { retryAfterSeconds } : {}),
    ...(Array.isArray(causes) ? { causes: causes.map(causeOf) } : {}),
  };
  return {
    ...(typeof code === "number" ? { code } : {}),
    ...texts({ reason, message }),
    ...(details === undefined ? {} : { details: found }),
  };
}

function causeOf(cause: unknown): Record<string, string> {
  const { reason, message, field } = recordOf(cause);
  return texts({ reason, message, field });
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function texts<K extends string>(members: Readonly<Record<K, unknown>>): Partial<Record<K, string>> {
  const entries = Object.entries(members).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(entries) as Partial<Record<K, string>>;
}

/** An HTTP error of the API server. `code` is `KUBE_<HTTP status>`, `reason` the Status reason. */
export class KubeStatusError extends OverseerError {
  readonly statusCode: number;
  readonly status: KubeStatus;

  constructor(statusCode: number, status: KubeStatus, request: string) {
    const retryAfter = status.details?.retryAfterSeconds;
    super(status.message ?? `the API server returned ${statusCode} for ${request}`, {
      code: `KUBE_${statusCode}`,
      reason: status.reason ? serverReason(status.reason) : "ApiServerError",
      class: "retryable",
      ...(retryAfter === undefined ? {} : { retryAfterMs: retryAfter * 1000 }),
    });
    this.statusCode = statusCode;
    this.status = status;
  }
}

/** The API server cannot be reached, or its response was cut short. */
export class KubeConnectionError extends OverseerError {
  constructor(message: string, cause: unknown) {
    super(message, { code: "KUBE_UNREACHABLE", reason: "ApiServerUnreachable", class: "retryable", cause });
  }
}

/** The response exceeds a limit. It is discarded. */
export class ResponseTooLargeError extends KubeConnectionError {}

/** A watch was silent for so long that it counts as dead, although its connection is open. */
export class WatchSilentError extends KubeConnectionError {}

/** Returns whether the server was unavailable or a connection to it broke: another server may have replaced it. */
export function isServerUnavailable(error: unknown): boolean {
  if (error instanceof WatchSilentError) return false;
  return error instanceof KubeConnectionError || isStatus(error, 502) || isStatus(error, 503);
}

/** Returns whether `error` is a response with this HTTP status. */
export function isStatus(error: unknown, statusCode: number): error is KubeStatusError {
  return error instanceof KubeStatusError && error.statusCode === statusCode;
}

/** Returns whether an object could not be created because its namespace is being deleted. */
export function isNamespaceTerminating(error: unknown): boolean {
  const causes = isStatus(error, 403) ? error.status.details?.causes : undefined;
  return causes?.some(({ reason }) => reason === "NamespaceTerminating") ?? false;
}

/** Returns whether the resourceVersion is too old or, after a restore of etcd, too new: a new list is needed. */
export function isExpired(error: unknown): boolean {
  if (!(error instanceof KubeStatusError)) return false;
  const tooNew = error.status.details?.causes?.some((cause) => cause.reason === "ResourceVersionTooLarge") ?? false;
  return error.statusCode === 410 || error.status.reason === "Expired" || tooNew;
}

/**
 * Returns whether the server does not support the request (400, 406, 422), for example because the server or its gateway was
 * replaced: repeating it fails again, starting over may not.
 */
export function isUnsupportedRequest(error: unknown): boolean {
  return isStatus(error, 400) || isStatus(error, 406) || isStatus(error, 422);
}

/** Returns whether a watch cannot resume and needs a new list. This includes responses over a limit. */
export function needsNewList(error: unknown): boolean {
  return isExpired(error) || isUnsupportedRequest(error) || error instanceof ResponseTooLargeError;
}

/**
 * Returns whether an apply was rejected because of the document and not temporarily: 400, 403, 404, 409, 413, 422, and the 500s
 * that the API server returns for a document that does not match the schema (unknown field, wrong type, duplicate key) or
 * exceeds etcd's limit. Only their text distinguishes those 500s from a server failure (observed on 1.35).
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
 * Returns the API version of a managedFields entry that the CRD no longer has. The API server then rejects every apply with a
 * 500, recognizable only by its text (observed on 1.35), until managedFields is rewritten.
 */
export function removedVersion(error: unknown): string | undefined {
  if (!isStatus(error, 500)) return undefined;
  return /request to convert CR to an invalid group\/version: ([^\s,]+)/.exec(error.message)?.[1];
}
