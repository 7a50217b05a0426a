import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { OidcSettings } from "../../../config/api-settings.js";
import { ProblemError } from "../../../http/problem.js";
import { type ClaimedUser, userOfClaims } from "./claims.js";

/** Algorithms of signatures that the keys of an issuer can verify: no shared secrets, and no unsigned tokens. */
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
/** Time by which the clocks of the issuer and of this process may differ, in seconds. */
const CLOCK_TOLERANCE = 30;

/** Codes of errors that are about the keys of the issuer, not about the token. */
const UNREADABLE: ReadonlySet<string> = new Set(["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"]);

/** Options of the verification. */
export interface IdTokenOptions {
  readonly settings: OidcSettings;
  /** Client ID of the command line: the audience that tokens must have. */
  readonly audience: string;
  /** Returns the URL of the keys of the issuer. Throws NOT_READY if the issuer does not respond. */
  readonly keysUrl: () => Promise<string>;
  readonly logger: Logger;
}

/** Verifies ID tokens that the command line sends as bearer tokens. */
export class IdTokens {
  readonly #options: IdTokenOptions;
  #keys: { readonly url: string; readonly set: ReturnType<typeof createRemoteJWKSet> } | undefined;

  constructor(options: IdTokenOptions) {
    this.#options = options;
  }

  /** Reports whether a token claims to be one. Nothing is verified. */
  claims({ iss, aud }: { readonly iss?: string; readonly aud?: readonly string[] }): boolean {
    return iss === this.#options.settings.issuer && (aud?.includes(this.#options.audience) ?? false);
  }

  /** Returns the user of a token; undefined if it is not genuine or not valid. Throws NOT_READY if the issuer does not respond. */
  async verify(token: string): Promise<ClaimedUser | undefined> {
    const { settings, audience, logger } = this.#options;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, await this.#keySet(), {
        issuer: settings.issuer,
        audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE,
        requiredClaims: ["exp", "iat", "sub"],
      });
      // Other tokens of the issuer, such as access tokens, may have the same audience.
      const isIdToken = protectedHeader.typ === undefined || protectedHeader.typ.toUpperCase() === "JWT";
      const { azp = audience, aud } = payload;
      const isForClient = azp === audience && (!Array.isArray(aud) || aud.length === 1 || payload.azp !== undefined);
      return isIdToken && isForClient ? userOfClaims(payload, settings) : undefined;
    } catch (error) {
      if (error instanceof ProblemError) throw error;
      logger.warn("a token of the issuer was refused", { error: messageOf(error) });
      if (error instanceof errors.JOSEError && !UNREADABLE.has(error.code)) return undefined;
      throw new ProblemError("NOT_READY", "the keys of the issuer cannot be read: retry later", { retryAfter: 5 });
    }
  }

  async #keySet(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    const url = await this.#options.keysUrl();
    if (this.#keys?.url !== url) this.#keys = { url, set: createRemoteJWKSet(new URL(url)) };
    return this.#keys.set;
  }
}
