import { OverseerError } from "../base/errors.js";
import type { Message } from "./message.js";

/** Values of the Secret of a channel, decoded; confidential. */
export type SecretValues = Readonly<Record<string, string>>;

/** A request that delivers a message. The URL, headers and body may hold credentials. */
export interface OutgoingRequest {
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body: unknown;
}

/** What a provider needs to write a request. */
export interface ProviderInput<S> {
  readonly settings: S;
  readonly secret: SecretValues;
  readonly message: Message;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A provider that is reached by HTTP: a pure function from a message to a request. */
export interface HttpProvider<S> {
  /** Returns the request. Throws `ChannelSecretInvalid` if a value of the Secret cannot be used. */
  request(input: ProviderInput<S>): OutgoingRequest;
  /** Returns after how many milliseconds to try again, from the body of a response 429; undefined if it does not say. */
  retryAfter?(body: unknown): number | undefined;
}

/** Returns a value of the Secret. Throws `ChannelSecretMissing`. */
export function required(secret: SecretValues, key: string): string {
  const value = secret[key]?.trim();
  if (value) return value;
  throw new OverseerError(`the Secret of the channel has no key ${key}: add it`, {
    ...{ code: "NOTIFY_SECRET_MISSING", reason: "ChannelSecretMissing", class: "terminal" },
  });
}

/** Returns the URL in the Secret. Throws `ChannelSecretInvalid`, without the value. */
export function secretUrl(secret: SecretValues): string {
  const url = required(secret, "url");
  const isUsable = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  if (isUsable) return url;
  throw new OverseerError("the key url of the Secret of the channel is not an http:// or https:// URL: correct it", {
    ...{ code: "NOTIFY_SECRET_INVALID", reason: "ChannelSecretInvalid", class: "terminal" },
  });
}

/** Returns a URL below the base URL of a service. */
export function below(base: string, path: string): string {
  return `${base.replace(/\/+$/, "")}${path}`;
}

/** Returns the header for a bearer token; none without a token. */
export function bearer(token: string | undefined): Readonly<Record<string, string>> {
  return token ? { authorization: `Bearer ${token.trim()}` } : {};
}
