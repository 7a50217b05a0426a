import type { Clock, Timer } from "../../base/clock.js";
import { isRecord } from "../../manifest/shape.js";
import { storeDenied, storeUnavailable } from "./secret-store.js";
import type { StoreClient, StoreRequest, StoreResponse } from "./store-client.js";

/** How a session gets its token. Values may be secret. */
export type VaultCredential =
  | { readonly kind: "token"; readonly token: string; readonly from: string }
  | {
      readonly kind: "login";
      /** Path of the auth method. */
      readonly path: string;
      /** What people call it: `role shop of auth/kubernetes`. */
      readonly as: string;
      /** Returns the body of the login; called for each. */
      readonly body: () => Promise<Readonly<Record<string, string>>>;
    };

interface VaultToken {
  readonly token: string;
  /** Monotonic times; infinite for a token that does not expire. */
  readonly renewAt: number;
  readonly expiresAt: number;
  readonly renewable: boolean;
}

/** Part of a lease after which it is renewed. */
const RENEW_AFTER = 2 / 3;
const MIN_RENEW_MS = 1_000;
/** Texts of errors of Vault that are shown: short, and without special characters. */
const SHOWN = /^[\w .,:;'"()/*-]{1,160}$/;

/**
 * A token of Vault or OpenBao. One that was got by a login is renewed or replaced when it is used; one of a Secret is renewed by a timer,
 * since it could not be replaced.
 */
export class VaultSession {
  readonly #client: StoreClient;
  readonly #credential: VaultCredential;
  readonly #clock: Clock;
  readonly #headers: Readonly<Record<string, string>>;
  #token: VaultToken | undefined;
  #pending: Promise<VaultToken> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(client: StoreClient, credential: VaultCredential, namespace: string | undefined, clock: Clock) {
    this.#client = client;
    this.#credential = credential;
    this.#clock = clock;
    this.#headers = {
      "x-vault-request": "true",
      ...(namespace === undefined ? {} : { "x-vault-namespace": namespace }),
    };
  }

  /** Sends a request with the token. If it is rejected, logs in again, once. Throws if the token is not valid any more. */
  async request(request: StoreRequest): Promise<StoreResponse> {
    const { token, isNew } = await this.#current();
    const response = await this.#send(request, token);
    if (response.status !== 403 || isNew) return response;
    this.#token = undefined;
    const current = await this.#current();
    return this.#credential.kind === "token" ? response : this.#send(request, current.token);
  }

  /** Describes who the session is, for messages about permissions. */
  get who(): string {
    return this.#credential.kind === "token" ? `the token of ${this.#credential.from}` : this.#credential.as;
  }

  /** Ends the session: a token of a login is revoked. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    const token = this.#token;
    this.#token = undefined;
    if (token === undefined || this.#credential.kind === "token") return;
    await this.#send({ method: "POST", path: "/v1/auth/token/revoke-self" }, token.token).catch(() => {});
  }

  async #current(): Promise<{ readonly token: string; readonly isNew: boolean }> {
    const known = this.#token;
    const now = this.#clock.monotonic();
    if (known !== undefined && now < known.renewAt) return { token: known.token, isNew: false };
    const { token } = await this.#refresh(known);
    return { token, isNew: token !== known?.token };
  }

  #refresh(known: VaultToken | undefined): Promise<VaultToken> {
    this.#pending ??= this.#renewOrLogin(known).finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  async #renewOrLogin(known: VaultToken | undefined): Promise<VaultToken> {
    const mayRenew = known?.renewable && this.#clock.monotonic() < known.expiresAt;
    const renewed = mayRenew ? await this.#renew(known) : undefined;
    const token =
      renewed ??
      (await (this.#credential.kind === "token" ? this.#lookUp(this.#credential) : this.#login(this.#credential)));
    this.#token = token;
    if (this.#credential.kind === "token") this.#renewLater(token);
    return token;
  }

  /** Undefined if the token cannot be renewed. */
  async #renew({ token }: VaultToken): Promise<VaultToken | undefined> {
    const response = await this.#send({ method: "POST", path: "/v1/auth/token/renew-self", body: {} }, token);
    const auth = response.status === 200 ? authOf(response.body) : undefined;
    return auth && this.#made(token, auth.lease_duration, auth.renewable);
  }

  async #lookUp({ token, from }: VaultCredential & { readonly kind: "token" }): Promise<VaultToken> {
    const response = await this.#send({ method: "GET", path: "/v1/auth/token/lookup-self" }, token);
    if (response.status === 403)
      throw storeDenied(
        `${this.#client.what} does not accept the token of ${from}: it is wrong, has expired or was revoked; store a valid one`,
      );
    const data = response.status === 200 && isRecord(response.body) ? response.body.data : undefined;
    if (!isRecord(data)) throw this.failure(response, "look up the token");
    return this.#made(token, data.ttl, data.renewable);
  }

  async #login({ path, as, body }: VaultCredential & { readonly kind: "login" }): Promise<VaultToken> {
    const sent = await body();
    const response = await this.#client.request({
      method: "POST",
      path: `/v1/auth/${escapePath(path)}/login`,
      headers: this.#headers,
      body: sent,
    });
    const auth = response.status === 200 ? authOf(response.body) : undefined;
    if (typeof auth?.client_token === "string")
      return this.#made(auth.client_token, auth.lease_duration, auth.renewable);
    if (response.status === 400 || response.status === 403)
      throw storeDenied(
        `${this.#client.what} does not accept the login as ${as} (${response.status}${detailOf(response.body, Object.values(sent))}): check the role and its bindings`,
      );
    throw this.failure(response, `log in as ${as}`);
  }

  /** Returns the error of a response that is not expected. */
  failure({ status, body }: StoreResponse, what: string): Error {
    const isSealed = status === 503 && JSON.stringify(body ?? "").includes("sealed");
    if (isSealed) return storeUnavailable(`${this.#client.what} is sealed: unseal it`);
    return storeUnavailable(`${this.#client.what} failed to ${what}: it answered ${status}${detailOf(body, [])}`);
  }

  #send(request: StoreRequest, token: string): Promise<StoreResponse> {
    return this.#client.request({ ...request, headers: { ...this.#headers, "x-vault-token": token } });
  }

  #made(token: string, seconds: unknown, renewable: unknown): VaultToken {
    const now = this.#clock.monotonic();
    const lease = typeof seconds === "number" && seconds > 0 ? seconds * 1000 : Number.POSITIVE_INFINITY;
    return { token, renewAt: now + lease * RENEW_AFTER, expiresAt: now + lease, renewable: renewable === true };
  }

  #renewLater({ renewable, renewAt }: VaultToken): void {
    this.#timer?.cancel();
    if (!renewable || !Number.isFinite(renewAt) || this.#closed) return;
    const wait = Math.max(MIN_RENEW_MS, renewAt - this.#clock.monotonic());
    this.#timer = this.#clock.after(wait, () => {
      // Timers may fire a little early, so the time is not compared again. A failure shows when the token is used next.
      this.#refresh(this.#token).catch(() => this.#renewAgain());
    });
  }

  #renewAgain(): void {
    const known = this.#token;
    const left = (known?.expiresAt ?? 0) - this.#clock.monotonic();
    if (known !== undefined && left > MIN_RENEW_MS)
      this.#renewLater({ ...known, renewAt: this.#clock.monotonic() + left / 3 });
  }
}

/** Escapes each part of a path. */
export function escapePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function authOf(body: unknown): Readonly<Record<string, unknown>> | undefined {
  const auth = isRecord(body) ? body.auth : undefined;
  return isRecord(auth) ? auth : undefined;
}

/** The first error text of a response, unless it may repeat a credential. */
function detailOf(body: unknown, sent: readonly string[]): string {
  const errors = isRecord(body) && Array.isArray(body.errors) ? body.errors : [];
  const [first] = errors;
  if (typeof first !== "string" || !SHOWN.test(first)) return "";
  return sent.some((value) => value.length >= 4 && first.includes(value)) ? "" : `: ${first}`;
}
