import type { Clock } from "../../base/clock.js";
import { OverseerError } from "../../base/errors.js";
import type { SecretCache } from "../../controllers/secret-cache.js";

/** Minimum length of a token. A shorter one can be brute-forced from one signed webhook. */
const MIN_LENGTH = 16;
const KEY = "token";
/** Time for which a failed read of a Secret is cached. */
const ERROR_CACHE_MS = 1_000;

/** The token of a webhook is unavailable. The message is for the log and must not be sent to the client. */
export class TokenUnavailableError extends OverseerError {
  constructor(message: string) {
    super(message, { code: "WEBHOOK_TOKEN_UNAVAILABLE", reason: "TokenUnavailable", class: "retryable" });
  }
}

/** Cache of webhook tokens, invalidated when their Secrets change, so that untrusted clients cause no requests to the API server. */
export class WebhookTokens {
  readonly #secrets: Pick<SecretCache, "read" | "retain">;
  readonly #clock: Clock;
  readonly #known = new Map<string, Promise<string>>();

  constructor(secrets: Pick<SecretCache, "read" | "retain">, clock: Clock) {
    this.#secrets = secrets;
    this.#clock = clock;
  }

  /** Returns the token in a Secret. Throws TokenUnavailableError if it has no usable token. */
  of(namespace: string, secret: string): Promise<string> {
    const key = `${namespace}/${secret}`;
    const known = this.#known.get(key);
    if (known) return known;
    const token = this.#read(namespace, secret);
    this.#known.set(key, token);
    // An unusable Secret is cached until it changes; a failed read only briefly.
    token.catch((error: unknown) => {
      if (error instanceof TokenUnavailableError) return;
      this.#clock.after(ERROR_CACHE_MS, () => {
        if (this.#known.get(key) === token) this.#known.delete(key);
      });
    });
    return token;
  }

  /** Invalidates the token of a changed or deleted Secret. */
  changed(namespace: string, secret: string): void {
    this.#known.delete(`${namespace}/${secret}`);
  }

  /** Keeps only the Secrets in `keys` (`namespace/name`). */
  retain(keys: ReadonlySet<string>): void {
    this.#secrets.retain(keys);
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
  }

  async #read(namespace: string, secret: string): Promise<string> {
    const where = `Secret ${namespace}/${secret}`;
    const data = await this.#secrets.read(namespace, secret);
    if (data === undefined)
      throw new TokenUnavailableError(`the ${where} does not exist: create it with the key ${KEY}`);
    const encoded = data[KEY];
    if (encoded === undefined) throw new TokenUnavailableError(`the ${where} has no key ${KEY}: add it`);
    // A Secret created from a file may end with a newline, which is not part of the token.
    const token = Buffer.from(encoded, "base64")
      .toString("utf8")
      .replace(/[\r\n]+$/, "");
    if (token.length >= MIN_LENGTH) return token;
    throw new TokenUnavailableError(
      `the key ${KEY} of the ${where} is shorter than ${MIN_LENGTH} characters: set a longer one`,
    );
  }
}
