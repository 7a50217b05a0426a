import * as oidc from "openid-client";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { OidcSettings } from "../../../config/api-settings.js";
import { ProblemError } from "../../../http/problem.js";
import { userOfClaims } from "./claims.js";

/** Path of the redirect URI. */
export const CALLBACK_PATH = "/api/gitops/sign-in/callback";

/** What has to be remembered between the redirect to the issuer and the return. */
export interface PendingSignIn {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Options of the sign-in. */
export interface OidcOptions {
  readonly settings: OidcSettings;
  readonly clientSecret: string | undefined;
  readonly publicUrl: string;
  readonly logger: Logger;
}

/** Signs users in by the code flow of OpenID Connect, with PKCE, state and nonce. */
export class OidcSignIn {
  readonly #options: OidcOptions;
  #discovered: Promise<oidc.Configuration> | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  /** Name of the issuer for users. */
  get name(): string | undefined {
    return this.#options.settings.name;
  }

  /** How the command line signs in at the issuer; undefined without a client for it. */
  get forCli(): { readonly issuer: string; readonly clientId: string; readonly scopes: string } | undefined {
    const { issuer, cli } = this.#options.settings;
    return cli && { issuer, ...cli };
  }

  /** Returns the URL of the keys of the issuer. Throws NOT_READY if the issuer does not respond. */
  async keysUrl(): Promise<string> {
    const { jwks_uri: url } = (await this.#configuration()).serverMetadata();
    if (url !== undefined) return url;
    throw new ProblemError("NOT_READY", "the issuer publishes no keys: it is misconfigured");
  }

  /** Returns the URL of the issuer to redirect to. Throws NOT_READY if the issuer does not respond. */
  async begin(): Promise<{ readonly url: string; readonly pending: PendingSignIn }> {
    const config = await this.#configuration();
    const pending = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
    };
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: this.#redirectUri,
      scope: this.#options.settings.scopes,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: "S256",
    });
    return { url: url.href, pending };
  }

  /**
   * Returns the user, from the parameters that the issuer has added to the redirect URI. Throws UNAUTHENTICATED if they, the code or the ID
   * token are not valid; the log has the cause.
   */
  async finish(
    parameters: URLSearchParams,
    { state, nonce, verifier }: PendingSignIn,
  ): Promise<{ readonly name: string; readonly groups: readonly string[] }> {
    const config = await this.#configuration();
    const url = new URL(this.#redirectUri);
    url.search = parameters.toString();
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
    let claims: Readonly<Record<string, unknown>> | undefined;
    try {
      claims = (await oidc.authorizationCodeGrant(config, url, checks)).claims();
    } catch (error) {
      this.#options.logger.warn("a sign-in was refused", { error: causeOf(error) });
      throw notSignedIn("the issuer has not confirmed the sign-in: begin again");
    }
    const user = userOfClaims(claims ?? {}, this.#options.settings);
    if (!("refused" in user)) return user;
    this.#options.logger.warn("a sign-in was refused", { error: user.refused });
    throw notSignedIn(user.refused);
  }

  get #redirectUri(): string {
    return `${this.#options.publicUrl}${CALLBACK_PATH}`;
  }

  /** Reads the configuration of the issuer once; again after a failure. */
  #configuration(): Promise<oidc.Configuration> {
    this.#discovered ??= this.#discover().catch((error: unknown) => {
      this.#discovered = undefined;
      this.#options.logger.error("cannot read the configuration of the OIDC issuer", { error: causeOf(error) });
      throw new ProblemError("NOT_READY", "the issuer does not respond, or is misconfigured: retry later", {
        retryAfter: 5,
      });
    });
    return this.#discovered;
  }

  async #discover(): Promise<oidc.Configuration> {
    const { settings, clientSecret } = this.#options;
    const issuer = new URL(settings.issuer);
    const authentication = clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret);
    // The signature of the ID token is verified in addition to the TLS connection that it comes from.
    const execute = [
      oidc.enableNonRepudiationChecks,
      ...(issuer.protocol === "http:" ? [oidc.allowInsecureRequests] : []),
    ];
    return oidc.discovery(issuer, settings.clientId, undefined, authentication, { execute, timeout: 10 });
  }
}

function notSignedIn(detail: string): ProblemError {
  return new ProblemError("UNAUTHENTICATED", detail);
}

/** Names the error and its cause. The messages of the library have no tokens. */
function causeOf(error: unknown): string {
  const { code, cause } = error as { readonly code?: string; readonly cause?: unknown };
  const text = `${messageOf(error)}${code === undefined ? "" : ` (${code})`}`;
  return cause instanceof Error ? `${text}: ${messageOf(cause)}` : text;
}
