import * as oidc from "openid-client";
import { messageOf } from "../../base/errors.js";
import { KubeConnectionError } from "../../kube/errors.js";
import { CommandError, EXIT } from "../exit-codes.js";
import { isLoopback } from "./server-url.js";
import type { IssuedTokens } from "./store.js";

/** The client of the command line at an issuer, as the server names it. */
export interface CliClient {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: string;
}

/** Limit of requests to the issuer, in seconds. */
const TIMEOUT = 15;

/** An issuer of OpenID Connect, as the command line uses it: a public client, with PKCE. */
export class Issuer {
  readonly #client: CliClient;
  readonly #config: oidc.Configuration;

  private constructor(client: CliClient, config: oidc.Configuration) {
    this.#client = client;
    this.#config = config;
  }

  /** Reads the configuration of the issuer. Throws CommandError, or KubeConnectionError if it cannot be reached. */
  static async discover(client: CliClient): Promise<Issuer> {
    const url = new URL(client.issuer);
    const isLocal = url.protocol === "http:" && isLoopback(url.hostname);
    if (url.protocol !== "https:" && !isLocal)
      throw failure(`the issuer ${client.issuer} is not https://: nothing was sent to it`);
    const execute = [oidc.enableNonRepudiationChecks, ...(isLocal ? [oidc.allowInsecureRequests] : [])];
    try {
      const options = { execute, timeout: TIMEOUT };
      return new Issuer(client, await oidc.discovery(url, client.clientId, undefined, oidc.None(), options));
    } catch (error) {
      throw failure(
        `the issuer ${client.issuer} does not respond as OpenID Connect requires: ${causeOf(error)}`,
        error,
      );
    }
  }

  /** Whether users can sign in by a browser on this machine. */
  get hasCodeFlow(): boolean {
    return this.#config.serverMetadata().authorization_endpoint !== undefined;
  }

  /** Whether users can sign in by a browser on another machine. */
  get hasDeviceFlow(): boolean {
    return this.#config.serverMetadata().device_authorization_endpoint !== undefined;
  }

  /** Begins the code flow. Returns the URL to open, and what exchanges the URL that the issuer redirects to for tokens. */
  async beginCodeFlow(redirectUri: string): Promise<{ url: string; finish: (back: URL) => Promise<IssuedTokens> }> {
    const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
    const url = oidc.buildAuthorizationUrl(this.#config, {
      ...{ redirect_uri: redirectUri, scope: this.#client.scopes, state, nonce, ...this.#prompt },
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
    return {
      url: url.href,
      finish: (back) =>
        this.#tokens("has not confirmed the sign-in", () => oidc.authorizationCodeGrant(this.#config, back, checks)),
    };
  }

  /** Begins the device flow. `finish` waits until the user has entered the code. */
  async beginDeviceFlow(): Promise<{
    readonly url: string;
    readonly complete: string | undefined;
    readonly code: string;
    readonly finish: (signal: AbortSignal) => Promise<IssuedTokens>;
  }> {
    const config = this.#config;
    const begun = await oidc.initiateDeviceAuthorization(config, { scope: this.#client.scopes }).catch((error) => {
      throw failure(`the issuer ${this.#client.issuer} refuses the device flow: ${causeOf(error)}`);
    });
    return {
      url: begun.verification_uri,
      complete: begun.verification_uri_complete,
      code: begun.user_code,
      finish: (signal) =>
        this.#tokens("has not confirmed the sign-in", () =>
          oidc.pollDeviceAuthorizationGrant(config, begun, undefined, { signal }),
        ),
    };
  }

  /** Renews tokens. Throws CommandError if the user has to sign in again. */
  refresh(refreshToken: string): Promise<IssuedTokens> {
    const work = async () => {
      const answer = await oidc.refreshTokenGrant(this.#config, refreshToken);
      return {
        claims: () => answer.claims(),
        id_token: answer.id_token,
        refresh_token: answer.refresh_token ?? refreshToken,
      };
    };
    return this.#tokens("does not renew the sign-in", work);
  }

  /** Revokes a token, if the issuer can do that. */
  async revoke(token: string): Promise<void> {
    if (this.#config.serverMetadata().revocation_endpoint === undefined) return;
    await oidc.tokenRevocation(this.#config, token, { token_type_hint: "refresh_token" });
  }

  /** Issuers give a refresh token for `offline_access` only after the consent of the user. */
  get #prompt(): { readonly prompt?: string } {
    return this.#client.scopes.split(/\s+/).includes("offline_access") ? { prompt: "consent" } : {};
  }

  async #tokens(
    problem: string,
    work: () => Promise<{
      claims(): { readonly exp: number } | undefined;
      readonly id_token?: string | undefined;
      readonly refresh_token?: string | undefined;
    }>,
  ): Promise<IssuedTokens> {
    const answer = await work().catch((error: unknown) => {
      throw failure(`the issuer ${this.#client.issuer} ${problem}: ${causeOf(error)}`, error);
    });
    const claims = answer.claims();
    if (answer.id_token === undefined || claims === undefined)
      throw failure(`the issuer ${this.#client.issuer} returned no ID token: the client needs the scope openid`);
    return {
      ...this.#client,
      idToken: answer.id_token,
      ...(answer.refresh_token === undefined ? {} : { refreshToken: answer.refresh_token }),
      expires: claims.exp * 1000,
    };
  }
}

/** Watches wait out an issuer that cannot be reached; any other failure needs its user. */
function failure(message: string, error?: unknown): CommandError | KubeConnectionError {
  const { code, cause } = (error ?? {}) as Readonly<Record<string, unknown>>;
  const isUnreachable = code === "OAUTH_TIMEOUT" || (error instanceof TypeError && cause instanceof Error);
  return isUnreachable ? new KubeConnectionError(message, error) : new CommandError(message, EXIT.noConnection);
}

/** Names the error and its cause. The messages of the library have no tokens. */
function causeOf(error: unknown): string {
  const { error: code, error_description: text, cause } = error as Readonly<Record<string, unknown>>;
  if (typeof code === "string") return typeof text === "string" ? `${code}: ${text}` : code;
  return cause instanceof Error ? `${messageOf(error)}: ${messageOf(cause)}` : messageOf(error);
}
