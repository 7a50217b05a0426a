import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import { ProblemError } from "../../../http/problem.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import { ExpiringCache } from "../expiring-cache.js";
import { type Identity, impersonable, sha256 } from "./identity.js";

/** Audience of tokens that are made for this API alone. */
export const AUDIENCE = "overseer-gitops";

/** Time for which a valid token is not reviewed again. */
const VALID_MS = 30_000;
/** The same for an invalid one, so that a client with an outdated token does not burden the API server. */
const INVALID_MS = 5_000;
const MAX_TOKENS = 10_000;
/** Syntax of bearer tokens (RFC 6750). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
const MAX_TOKEN_LENGTH = 12_000;

interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: { readonly username?: string; readonly groups?: readonly string[] };
    readonly audiences?: readonly string[];
  };
}

/** Users of ID tokens. */
export interface IssuedTokens {
  /** Reports whether a token claims to be one, by its claims, which are not verified. */
  claims(claims: { readonly iss?: string; readonly aud?: readonly string[] }): boolean;
  /** Returns the user, or why the user is not accepted; undefined for a token that is not valid. */
  verify(
    token: string,
  ): Promise<{ readonly name: string; readonly groups: readonly string[] } | { readonly refused: string } | undefined>;
}

/** Returns the token of an Authorization header; undefined if there is no header. Throws UNAUTHENTICATED for another scheme or a malformed token. */
export function bearerOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const [, token = ""] = /^bearer +(\S+) *$/i.exec(authorization) ?? [];
  if (token.length <= MAX_TOKEN_LENGTH && TOKEN.test(token)) return token;
  throw invalidToken();
}

/** Authenticates bearer tokens by TokenReviews of the API server. */
export class TokenReviews {
  readonly #client: Pick<KubeClient, "request">;
  readonly #logger: Logger;
  readonly #known: ExpiringCache<Identity>;
  readonly #idTokens: IssuedTokens | undefined;

  /** `idTokens`: those of the issuer of OpenID Connect, if users may send them. */
  constructor(client: Pick<KubeClient, "request">, clock: Clock, logger: Logger, idTokens?: IssuedTokens) {
    this.#client = client;
    this.#logger = logger;
    this.#idTokens = idTokens;
    this.#known = new ExpiringCache(clock, MAX_TOKENS);
  }

  /**
   * Returns the user of a token. A token for the API server is handed on with each request; one with our audience, which the API
   * server would not accept, stands for a user to impersonate. Throws UNAUTHENTICATED for any other token.
   */
  authenticate(token: string): Promise<Identity> {
    return this.#known.get(sha256(token), () => this.#review(token), {
      ms: VALID_MS,
      // A failure to reach the API server is not remembered.
      errorMs: (error) => (error instanceof ProblemError && error.code === "UNAUTHENTICATED" ? INVALID_MS : 0),
    });
  }

  async #review(token: string): Promise<Identity> {
    const issued = this.#idTokens;
    if (issued?.claims(claimsOf(token))) return this.#issued(token, issued);
    // A review for the wrong audience fails, so the audience that the token claims is asked for first.
    const ours = claimsOf(token).aud?.includes(AUDIENCE) ?? false;
    const ways = ours ? [AUDIENCE, undefined] : [undefined, AUDIENCE];
    for (const audience of ways) {
      const user = await this.#ask(token, audience);
      if (user) return identityOf(token, user, audience === undefined);
    }
    throw invalidToken();
  }

  /** Returns the user of an ID token. It is handed on if the API server trusts the issuer as well. */
  async #issued(token: string, issued: IssuedTokens): Promise<Identity> {
    const known = await this.#ask(token, undefined);
    if (known) return identityOf(token, known, true);
    const user = await issued.verify(token);
    if (user === undefined) throw invalidToken();
    if ("refused" in user) throw new ProblemError("UNAUTHENTICATED", `the token is not accepted: ${user.refused}`);
    const { exp } = claimsOf(token);
    const expires = exp === undefined ? {} : { expires: exp * 1000 };
    return { ...user, signedInBy: "token", ...expires, credential: { kind: "impersonation", token } };
  }

  /** Reviews a token for an audience, or for the API server itself. */
  async #ask(token: string, audience: string | undefined) {
    const spec = { token, ...(audience === undefined ? {} : { audiences: [audience] }) };
    const { body } = await this.#client
      .request<TokenReview>({
        method: "POST",
        path: "/apis/authentication.k8s.io/v1/tokenreviews",
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec },
      })
      .catch((error: unknown) => {
        this.#logger.error("cannot review a token", { error: messageOf(error) });
        throw new ProblemError("NOT_READY", "tokens cannot be verified at the moment: retry later", { retryAfter: 5 });
      });
    const { authenticated, user, audiences } = body.status ?? {};
    if (authenticated !== true || !user?.username) return undefined;
    // An authenticator that does not know audiences returns none: its answer is valid for the API server only.
    if (audience !== undefined && !audiences?.includes(audience)) return undefined;
    return { name: user.username, groups: user.groups ?? [] };
  }
}

function identityOf(
  token: string,
  { name, groups }: { readonly name: string; readonly groups: readonly string[] },
  forApiServer: boolean,
): Identity {
  const { exp } = claimsOf(token);
  const common = { name, signedInBy: "token" as const, ...(exp === undefined ? {} : { expires: exp * 1000 }) };
  if (forApiServer) return { ...common, groups, credential: { kind: "token", token } };
  const checked = impersonable(name, groups, { serviceAccounts: true });
  if ("refused" in checked) throw new ProblemError("UNAUTHENTICATED", `the token is not accepted: ${checked.refused}`);
  return { ...common, groups: checked.groups, credential: { kind: "impersonation", token } };
}

interface Claims {
  readonly iss?: string;
  readonly aud?: readonly string[];
  readonly exp?: number;
}

/** Claims of a JWT, unverified: hints only. */
function claimsOf(token: string): Claims {
  try {
    const claims = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as unknown;
    const { iss, aud, exp } = (claims ?? {}) as {
      readonly iss?: unknown;
      readonly aud?: unknown;
      readonly exp?: unknown;
    };
    return {
      ...(typeof iss === "string" ? { iss } : {}),
      aud: [aud].flat().filter((value): value is string => typeof value === "string"),
      ...(typeof exp === "number" && Number.isFinite(exp) ? { exp } : {}),
    };
  } catch {
    return {};
  }
}

/** Error of every request without valid credentials. It does not say what is wrong with them. */
export function invalidToken(): ProblemError {
  return new ProblemError(
    "UNAUTHENTICATED",
    "the request needs a valid token: sign in, or send Authorization: Bearer TOKEN",
  );
}
