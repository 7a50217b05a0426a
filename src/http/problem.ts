import { PROBLEMS, type Problem, type ProblemCode, type ProblemPart, problemUri } from "../api/problem.js";

/** Details of a problem besides its code and text. */
export interface ProblemOptions {
  /** Invalid field of the body, with dots between its parts: `routes.0.host`. */
  readonly field?: string;
  /** Invalid parts of the request, instead of `field`. */
  readonly errors?: readonly ProblemPart[];
  /** Current ETag of the resource, for a failed precondition. */
  readonly etag?: string;
  /** Seconds after which to retry. */
  readonly retryAfter?: number;
  /** Whether to close the connection, so that the rest of the request is not received. */
  readonly close?: boolean;
  /** Methods of the path, for METHOD_NOT_ALLOWED. */
  readonly allow?: string;
  /** The current plan, for PLAN_CHANGED. */
  readonly currentPlanHash?: string;
  /** Identifies the failure in the log. */
  readonly instance?: string;
}

/**
 * An error to return to the client; it may be thrown anywhere below a handler. The detail says what happened, where and
 * what to do, and never contains a secret value.
 *
 * @example
 * throw new ProblemError("CONFLICT", `the token ${name} already exists: choose another name`, { field: "name" });
 */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail);
    this.name = "ProblemError";
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  /** Returns the body of the response. */
  toJSON(): Problem {
    const { field, errors = [], instance, currentPlanHash } = this.options;
    const parts = field === undefined ? errors : [{ pointer: pointerTo(field.split(".")), detail: this.message }];
    return {
      type: problemUri(this.code),
      title: PROBLEMS[this.code].title,
      status: this.status,
      detail: this.message,
      code: this.code,
      ...(instance === undefined ? {} : { instance }),
      ...(parts.length === 0 ? {} : { errors: [...parts] }),
      ...(currentPlanHash === undefined ? {} : { currentPlanHash }),
    };
  }

  /** Returns the headers of the response besides its content type. */
  headers(): Record<string, string> {
    const { etag, retryAfter, close, allow } = this.options;
    return {
      ...(etag === undefined ? {} : { etag }),
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      ...(close ? { connection: "close" } : {}),
      ...(allow === undefined ? {} : { allow }),
      ...(this.code === "UNAUTHENTICATED" ? { "www-authenticate": "Bearer" } : {}),
    };
  }
}

/** Returns a path as a JSON Pointer in a URI fragment (RFC 6901). */
export function pointerTo(path: readonly PropertyKey[]): string {
  const parts = path.map((part) => encodeURIComponent(String(part).replaceAll("~", "~0").replaceAll("/", "~1")));
  return `#${parts.map((part) => `/${part}`).join("")}`;
}

/** Problem of an unknown path, also for resources whose existence must not be disclosed. */
export function nothingHere(options: ProblemOptions = {}): ProblemError {
  return new ProblemError("NOT_FOUND", "there is nothing at this path: check the URL", options);
}
