import type { Clock } from "../../base/clock.js";
import { OverseerError } from "../../base/errors.js";
import type { SecretCache } from "../../controllers/secret-cache.js";

/** Shortest token: what is shorter can be guessed by somebody who has one signed webhook. */
const MIN_LENGTH = 16;
const KEY = "token";
/** How long it is remembered that a Secret could not be read. */
const REST_MS = 1_000;

/** A webhook whose token cannot be had. The message is for the log, never for who sent the webhook. */
export class TokenUnavailableError extends OverseerError {
  constructor(message: string) {
    super(message, { code: "WEBHOOK_TOKEN_UNAVAILABLE", reason: "TokenUnavailable", class: "retryable" });
  }
}

/** The tokens of webhooks, read once and again when their Secret changes: strangers cause no request to the API server. */
export class WebhookTokens {
  readonly #secrets: Pick<SecretCache, "read" | "retain">;
  readonly #clock: Clock;
  readonly #known = new Map<string, Promise<string>>();

  constructor(secrets: Pick<SecretCache, "read" | "retain">, clock: Clock) {
    this.#secrets = secrets;
    this.#clock = clock;
  }

  /** The token in a Secret. Throws TokenUnavailableError if there is none that can be used. */
  of(namespace: string, secret: string): Promise<string> {
    const key = `${namespace}/${secret}`;
    const known = this.#known.get(key);
    if (known) return known;
    const token = this.#read(namespace, secret);
    this.#known.set(key, token);
    // What a Secret lacks is remembered until it changes; that it could not be read, for a moment.
    token.catch((error: unknown) => {
      if (error instanceof TokenUnavailableError) return;
      this.#clock.after(REST_MS, () => {
        if (this.#known.get(key) === token) this.#known.delete(key);
      });
    });
    return token;
  }

  /** The Secret changed, or is gone. */
  changed(namespace: string, secret: string): void {
    this.#known.delete(`${namespace}/${secret}`);
  }

  /** Lets go of the Secrets, as `namespace/name`, that no repository names any more. */
  retain(keys: ReadonlySet<string>): void {
    this.#secrets.retain(keys);
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
  }

  async #read(namespace: string, secret: string): Promise<string> {
    const where = `Secret ${namespace}/${secret}`;
    const data = await this.#secrets.read(namespace, secret);
    if (data === undefined) throw new TokenUnavailableError(`the ${where} does not exist`);
    const encoded = data[KEY];
    if (encoded === undefined) throw new TokenUnavailableError(`the ${where} has no key ${KEY}`);
    // Made from a file, it ends in a line break, which nobody can type into the form of a Git host.
    const token = Buffer.from(encoded, "base64")
      .toString("utf8")
      .replace(/[\r\n]+$/, "");
    if (token.length >= MIN_LENGTH) return token;
    throw new TokenUnavailableError(`the key ${KEY} of the ${where} is shorter than ${MIN_LENGTH} characters`);
  }
}
