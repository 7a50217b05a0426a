import type { Clock } from "../../base/clock.js";
import { ProblemError } from "../../http/problem.js";
import type { KubeClient } from "../../kube/client/kube-client.js";
import { ExpiringCache } from "../rest/expiring-cache.js";
import { sha256 } from "../rest/identity/identity.js";
import { bearerOf, invalidToken } from "../rest/identity/token-reviews.js";

/** Time for which a verified token is not verified again, and the same for a refused one. */
const VALID_MS = 30_000;
const INVALID_MS = 5_000;
const MAX_TOKENS = 64;

interface TokenReview {
  readonly status?: {
    readonly authenticated?: boolean;
    readonly user?: { readonly username?: string };
    readonly audiences?: readonly string[];
  };
}

/** Knows the callers of the leader by tokens of their ServiceAccounts, with an audience of its own. */
export class InternalCallers {
  readonly #options: {
    readonly client: Pick<KubeClient, "request">;
    readonly audience: string;
    readonly allowed: ReadonlySet<string>;
  };
  readonly #known: ExpiringCache<true>;

  /** `allowed`: user names of ServiceAccounts. */
  constructor(
    clock: Clock,
    options: {
      readonly client: Pick<KubeClient, "request">;
      readonly audience: string;
      readonly allowed: ReadonlySet<string>;
    },
  ) {
    this.#options = options;
    this.#known = new ExpiringCache(clock, MAX_TOKENS);
  }

  /** Throws UNAUTHENTICATED unless the header has the token of an allowed caller. */
  async check(authorization: string | undefined): Promise<void> {
    const token = bearerOf(authorization);
    if (token === undefined) throw invalidToken();
    await this.#known.get(sha256(token), () => this.#review(token), {
      ms: VALID_MS,
      errorMs: (error) => (error instanceof ProblemError && error.code === "UNAUTHENTICATED" ? INVALID_MS : 0),
    });
  }

  async #review(token: string): Promise<true> {
    const { client, audience, allowed } = this.#options;
    const { body } = await client.request<TokenReview>({
      method: "POST",
      path: "/apis/authentication.k8s.io/v1/tokenreviews",
      body: {
        ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview" },
        spec: { token, audiences: [audience] },
      },
    });
    const { authenticated, user, audiences } = body.status ?? {};
    // An authenticator that does not know audiences returns none: the token may be meant for something else.
    const isMeant = authenticated === true && audiences?.includes(audience) === true;
    if (isMeant && user?.username !== undefined && allowed.has(user.username)) return true;
    throw invalidToken();
  }
}
