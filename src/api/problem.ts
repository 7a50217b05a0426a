import { z } from "zod";

/** Status and meaning of one kind of error response. */
export interface ProblemType {
  readonly status: number;
  /** One sentence about the kind of problem. The detail of a response says what happened and what to do. */
  readonly title: string;
}

/** All error codes of the HTTP APIs. Codes are stable: clients may match them, but never the texts. */
export const PROBLEMS = {
  INVALID: { status: 400, title: "The request is malformed, or a value in it is invalid." },
  BODY_INCOMPLETE: { status: 400, title: "The connection ended before the whole body was received." },
  UNAUTHENTICATED: { status: 401, title: "The request has no valid token." },
  SIGNATURE_INVALID: { status: 401, title: "The signature of the webhook is missing or invalid." },
  FORBIDDEN: { status: 403, title: "The token does not permit this request." },
  NOT_FOUND: { status: 404, title: "The path or the resource does not exist." },
  METHOD_NOT_ALLOWED: { status: 405, title: "The path does not support this method." },
  TOO_SLOW: { status: 408, title: "The request was not received in time." },
  CONFLICT: { status: 409, title: "The request conflicts with the current state." },
  PLAN_CHANGED: { status: 409, title: "The plan of the Change is another one than the request names." },
  IN_USE: { status: 409, title: "Other resources refer to this one." },
  SNAPSHOT_EXPIRED: { status: 410, title: "The snapshot of the list is no longer kept." },
  PRECONDITION_FAILED: { status: 412, title: "The resource has changed since it was read." },
  BODY_TOO_LARGE: { status: 413, title: "The body is larger than allowed." },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: "The content type is not supported." },
  RATE_LIMITED: { status: 429, title: "The user or address sends too many requests." },
  INTERNAL: { status: 500, title: "The server failed; its log has the cause." },
  BUSY: { status: 503, title: "The server handles too many requests." },
  NOT_READY: { status: 503, title: "The server cannot handle the request now." },
  TIMED_OUT: { status: 503, title: "The request took too long." },
  DISK_FULL: { status: 507, title: "The disk of the server is full, so that nothing can be stored." },
} as const satisfies Readonly<Record<string, ProblemType>>;
export type ProblemCode = keyof typeof PROBLEMS;

/** An invalid part of a request: a place in the body, or a parameter. */
export const ProblemPart = z.object({
  pointer: z.string().optional().describe("Place in the body, as a JSON Pointer in a URI fragment: `#/routes/0/host`."),
  parameter: z.string().optional().describe("Name of the query or path parameter."),
  detail: z.string(),
});
export type ProblemPart = z.infer<typeof ProblemPart>;

/** Media type of error responses. */
export const PROBLEM_TYPE = "application/problem+json";

/** Body of every error response: problem details (RFC 9457) with a stable code. Never contains a value of the request. */
export const Problem = z
  .object({
    type: z.string().describe("Identifies the kind of problem: a tag URI that ends with the code."),
    title: z.string().describe("The kind of problem in one sentence."),
    status: z.int().describe("HTTP status of the response."),
    detail: z.string().describe("What happened, where, and what to do."),
    code: z.string().describe("Stable code of the kind of problem."),
    instance: z.string().optional().describe("Identifies this failure in the log of the server."),
    errors: z.array(ProblemPart).optional().describe("The invalid parts of the request."),
    currentPlanHash: z.string().optional().describe("With PLAN_CHANGED: the current plan of the Change."),
  })
  .describe("Problem details (RFC 9457).");
export type Problem = z.infer<typeof Problem>;

/** Returns the URI that identifies a kind of problem. */
export function problemUri(code: ProblemCode): string {
  return `tag:gitops.overseer.io,2026:${code}`;
}
