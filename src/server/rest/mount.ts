import type { AuditSink } from "../../audit/audit-trail.js";
import { ProblemError } from "../../http/problem.js";
import type { AnyReply } from "../../http/route.js";
import type { HttpServer } from "../../http/server.js";
import { audited, isAudited, isRecorded, recordRefused } from "./audited.js";
import type { Identity } from "./identity/identity.js";
import { bearerOf, invalidToken, type TokenReviews } from "./identity/token-reviews.js";
import { kubeProblem } from "./kube-problem.js";
import type { RateLimits } from "./rate-limits.js";
import type { RestRoute } from "./route.js";
import { CALLBACK_PATH } from "./session/oidc.js";
import type { Sessions } from "./session/sessions.js";

/** How callers are authenticated. */
export interface SignInParts {
  readonly tokens: Pick<TokenReviews, "authenticate">;
  readonly sessions: Pick<Sessions, "identify"> | undefined;
  readonly limits: RateLimits;
  /** Records writes. Undefined in tests of something else. */
  readonly audit?: AuditSink | undefined;
}

/** Maximum size of a request body in bytes. */
const MAX_BODY_BYTES = 256 * 1024;

/** Stands for the caller of a route without authentication, which does not read it. Requests in its name throw. */
const ANONYMOUS: Identity = { name: "", groups: [], signedInBy: "token", credential: { kind: "impersonation" } };

/** Serves the routes of the REST API. Authentication precedes everything else, also the reading of the body. */
export function mountRest(
  server: HttpServer,
  routes: readonly RestRoute[],
  { tokens, sessions, limits, audit }: SignInParts,
): void {
  const limited = routes.map((route) => ({ ...route, maxBodyBytes: route.maxBodyBytes ?? MAX_BODY_BYTES }));
  server.mount(limited, {
    authorize: async (access, headers, { address, method }) => {
      if (access === "anonymous") return ANONYMOUS;
      // A request with a token ignores cookies. A session costs no review: it counts also while others at the same address fail.
      const session = headers.authorization === undefined ? await sessions?.identify(method, headers) : undefined;
      if (session === undefined) limits.checkAddress(address);
      try {
        const user = session ?? (await userOf(headers.authorization, tokens));
        limits.countUser(user.name);
        return user;
      } catch (error) {
        if (error instanceof ProblemError && error.code === "UNAUTHENTICATED") limits.countRefused(address);
        throw error;
      }
    },
    run: async (route, work, { caller, params, body, address, method }) => {
      if (route.path === CALLBACK_PATH) {
        // Each costs a request to the issuer. Counted before it, so that many at once are no way around the limit.
        limits.checkAddress(address);
        limits.countRefused(address);
      }
      const translated = async (): Promise<AnyReply> => {
        try {
          return await work();
        } catch (error) {
          throw kubeProblem(error, route.method === "GET" ? "read" : "write");
        }
      };
      if (audit === undefined || !isAudited(route)) return translated();
      const request = { actor: caller.name, address, method, params: params as object, body };
      return audited(audit, route, request, translated);
    },
    onRefused: (route, error, request) => {
      if (audit === undefined || !isAudited(route) || !isRecorded(error)) return;
      const suppressed = limits.countRecord();
      if (suppressed !== undefined) void recordRefused(audit, route, request, { error, suppressed });
    },
  });
}

/** Returns the user of an Authorization header. Throws UNAUTHENTICATED without a valid token. */
async function userOf(authorization: string | undefined, tokens: SignInParts["tokens"]): Promise<Identity> {
  const token = bearerOf(authorization);
  if (token === undefined) throw invalidToken();
  return tokens.authenticate(token);
}
