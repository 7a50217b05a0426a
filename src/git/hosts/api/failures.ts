import type { GitHostType } from "../../../api/git-provider.js";
import { GitError } from "../../errors.js";
import type { ApiCall } from "./call.js";
import { OPERATION_TEXT, REQUIRED_PERMISSIONS } from "./permissions.js";
import type { HostTarget } from "./target.js";

type Call = Pick<ApiCall<unknown>, "operation" | "subject">;

/** Length of an explanation of the host in messages. */
const MAX_EXPLANATION = 200;

/** Returns the error for a response without success. `explanation` is the text of the host. */
export function statusFailure(
  target: HostTarget,
  call: Call,
  status: number,
  explanation: string | undefined,
): GitError {
  const what = `cannot ${OPERATION_TEXT[call.operation]} at ${target.api} (HTTP ${status})`;
  const permission = REQUIRED_PERMISSIONS[target.type][call.operation];
  if (status === 401 && target.where === undefined) {
    const hint = `set spec.provider.secretRef to a Secret with a token that has ${permission}`;
    return new GitError("GIT_AUTH_FAILED", `${what}: the host requires a credential; ${hint}`);
  }
  const holder = target.remote.credential?.githubApp === undefined ? "the token" : "the GitHub App";
  if (status === 401)
    return new GitError(
      "GIT_AUTH_FAILED",
      `${what}: the host rejects the credential in ${target.where}; check that it is valid and that ${holder} has ${permission}`,
    );
  if (status === 403)
    return new GitError(
      "GIT_PERMISSION_DENIED",
      `${what}: the credential${target.where === undefined ? "" : ` in ${target.where}`} has too few permissions; give ${holder} ${permission}`,
    );
  if (status === 404 || status === 410)
    return new GitError(
      "GIT_HOST_NOT_FOUND",
      `${what}: ${call.subject} of ${target.path.join("/")} does not exist or is not visible to the credential; check spec.url and spec.provider, and that ${holder} has ${permission}`,
    );
  if (status >= 500) return new GitError("GIT_SERVER_ERROR", `${what}: the server failed`);
  const why = explanation === undefined ? "" : `: ${explanation}`;
  return new GitError("GIT_HOST_REFUSED", `${what}: the host rejects the request${why}`);
}

/** Returns the error for a credential whose user the host does not tell, so that the operator cannot know its own comments. */
export function unknownUser({ api, type, where }: HostTarget): GitError {
  const what = `cannot update a comment at ${api}: the host does not tell whose credential is in ${where}`;
  const remedy = OWN_USER[type] ?? "use the token of a user";
  return new GitError("GIT_PERMISSION_DENIED", `${what}, and comments of others are not edited; ${remedy}`);
}

const GITEA_USER = "give the token the scope read:user";
const OWN_USER: Partial<Record<GitHostType, string>> = {
  GitHub: "use the token of a user, or the keys of a GitHub App instead of a token of its installation",
  GitLab: "give the token the scope api",
  Gitea: GITEA_USER,
  Forgejo: GITEA_USER,
};

/** Returns the error for a rate limit that ends in `waitMs`. */
export function rateLimited({ api }: HostTarget, { operation }: Pick<Call, "operation">, waitMs: number): GitError {
  const seconds = Math.ceil(waitMs / 1000);
  return new GitError(
    "GIT_RATE_LIMITED",
    `cannot ${OPERATION_TEXT[operation]} at ${api}: the host limits the request rate of the credential, and permits further requests in ${seconds} s`,
    { retryAfterMs: waitMs },
  );
}

/** Returns the error for a redirect: a credential is sent to no other address. */
export function redirectedApi({ api }: HostTarget, { operation }: Call, location: string | undefined): GitError {
  const to = location !== undefined && URL.canParse(location, api) ? ` to ${new URL(location, api).origin}` : "";
  return new GitError(
    "GIT_REDIRECTED",
    `cannot ${OPERATION_TEXT[operation]}: ${api} redirects${to}, and redirects are not followed; if the repository or the server moved, correct spec.url or spec.provider.apiURL`,
  );
}

/** Returns the error for a response that is not what the API documents. `what` completes "the response …". */
export function unreadable({ api, type }: HostTarget, { operation }: Call, what: string): GitError {
  return new GitError(
    "GIT_HOST_PROTOCOL",
    `cannot ${OPERATION_TEXT[operation]}: the response of ${api} ${what}; check that it is the API of ${type}, and correct spec.provider.type or spec.provider.apiURL`,
  );
}

/** Returns the error for a response that takes too long. */
export function tooSlowApi({ api }: HostTarget, { operation }: Call, ms: number): GitError {
  return new GitError(
    "GIT_UNREACHABLE",
    `cannot ${OPERATION_TEXT[operation]}: ${api} did not respond within ${ms / 1000} s; check the server and the network path to it`,
  );
}

/** Returns the error for an operation that a type of host does not support. */
export function unsupported({ type, api }: HostTarget, operation: Call["operation"]): GitError {
  const what = type === "Generic" ? "the type of the Git host is not known" : `not supported for ${type}`;
  const hint = type === "Generic" ? "; set spec.provider.type of the GitRepository" : ` (${api})`;
  return new GitError("GIT_PROVIDER_UNSUPPORTED", `cannot ${OPERATION_TEXT[operation]}: ${what}${hint}`);
}

/** Returns the explanation in the body of an error, as far as it can be quoted: plain text without any of `secrets`. */
export function explanationIn(body: string, secrets: readonly (string | undefined)[]): string | undefined {
  const text = textOf(body)
    ?.replace(/\p{Cc}+/gu, " ")
    .trim();
  if (text === undefined || text === "") return undefined;
  if (secrets.some((secret) => secret !== undefined && secret !== "" && text.includes(secret))) return undefined;
  return text.length > MAX_EXPLANATION ? `${text.slice(0, MAX_EXPLANATION)}…` : text;
}

/** The hosts put the explanation into `message`, `error`, `error.message` or `errors[].message`. */
function textOf(body: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  for (const path of [["message"], ["error", "message"], ["error"], ["errors", "0", "message"]]) {
    let at = value;
    for (const key of path)
      at = typeof at === "object" && at !== null ? (at as Record<string, unknown>)[key] : undefined;
    if (typeof at === "string") return at;
  }
  return undefined;
}
