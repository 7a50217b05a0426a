import type { ProblemPart } from "../../api/problem.js";
import { nothingHere, ProblemError } from "../../http/problem.js";
import { KubeConnectionError, KubeStatusError } from "../../kube/errors.js";
import { invalidToken } from "./identity/token-reviews.js";

/** What a request did when the API server refused it. */
export type KubeUse = "read" | "write";

/**
 * Converts an error of the API server to a problem; returns any other error unchanged. What a user may not read does not exist for them:
 * a read that is forbidden has the same response as a missing object. No value of the request is repeated.
 */
export function kubeProblem(error: unknown, use: KubeUse): unknown {
  if (error instanceof KubeStatusError) return statusProblem(error, use);
  if (error instanceof KubeConnectionError)
    return new ProblemError("NOT_READY", "the API server of the cluster does not respond: retry later", {
      retryAfter: 5,
    });
  return error;
}

function statusProblem(error: KubeStatusError, use: KubeUse): ProblemError {
  switch (error.statusCode) {
    case 401:
      return invalidToken();
    case 403:
      if (IMPERSONATION.test(error.message)) return impersonationProblem(error.message);
      return use === "read" ? nothingHere() : new ProblemError("FORBIDDEN", withoutValues(error.message));
    case 404:
      return nothingHere();
    case 409:
      return new ProblemError("CONFLICT", conflictText(error));
    case 400:
    case 422:
      if (use === "read") return new ProblemError("INVALID", withoutValues(error.message));
      return new ProblemError("INVALID", invalidText(error), { errors: partsOf(error) });
    case 410:
      return new ProblemError("SNAPSHOT_EXPIRED", "the list is too old to go on: list again");
    case 413:
      return new ProblemError("BODY_TOO_LARGE", "the object is larger than the API server accepts: send less");
    case 429:
      return new ProblemError("BUSY", "the API server of the cluster is overloaded: retry later", { retryAfter: 1 });
    default:
      return new ProblemError("NOT_READY", "the API server of the cluster failed: retry later", { retryAfter: 5 });
  }
}

/** How the API server refuses that the role acts as a user or a member of a group. */
const IMPERSONATION = /^(users|groups) "(.*)" is forbidden: User ".*" cannot impersonate resource /;

/** The request of the user itself was not looked at: nothing would be found anywhere. */
function impersonationProblem(text: string): ProblemError {
  const [, resource = "", name = ""] = IMPERSONATION.exec(text) ?? [];
  const what = resource === "users" ? "user" : "member of the group";
  return new ProblemError(
    "FORBIDDEN",
    `the API may not act as the ${what} ${JSON.stringify(name.slice(0, MAX_TEXT))}: ask the administrator to add it to api.impersonation.${resource} of the chart, or to leave it out of the tokens of the issuer`,
  );
}

function conflictText({ status }: KubeStatusError): string {
  if (status.reason === "AlreadyExists") return "an object of this name already exists: choose another name";
  return "the object has changed in the meantime: read it again, and repeat the request";
}

function invalidText(error: KubeStatusError): string {
  const [first] = partsOf(error);
  if (first !== undefined) return `the API server rejects the object: ${first.detail}`;
  return `the API server rejects the object: ${withoutValues(error.message)}`;
}

/** Maximum number of invalid fields in a response. */
const MAX_PARTS = 20;

function partsOf({ status }: KubeStatusError): ProblemPart[] {
  const causes = status.details?.causes ?? [];
  return causes.slice(0, MAX_PARTS).flatMap(({ field = "", message = "" }) => {
    if (message === "") return [];
    const path = field
      .replace(/\[(\d+)\]/g, ".$1")
      .split(".")
      .filter((part) => part !== "" && part !== "<nil>");
    const detail = withoutValues(message);
    return [{ ...(path.length === 0 ? {} : { pointer: `#/${path.map(encodeURIComponent).join("/")}` }), detail }];
  });
}

const MAX_TEXT = 500;

/** Removes the value that the API server quotes: `Invalid value: "x": must be …` → `must be …`. */
function withoutValues(text: string): string {
  return text
    .replace(
      /\b(Invalid|Unsupported|Duplicate) value: (?:"(?:[^"\\]|\\.)*"|\{.*?\}|\[.*?\]|[^\s:]+)(?:: )?/g,
      (_, how: string) => (how === "Invalid" ? "" : `${how.toLowerCase()} value: `),
    )
    .replace(/^.*? is invalid: /, "")
    .replace(/^admission webhook "[^"]*" denied the request: /, "")
    .slice(0, MAX_TEXT);
}
