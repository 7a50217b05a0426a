import type { Readable } from "node:stream";
import { rootCertificates } from "node:tls";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { OverseerError } from "../../base/errors.js";
import type { HostRules } from "../../base/host-rules.js";
import { type HttpProxy, ProxyRules } from "../../base/proxy.js";
import { ReachableAddresses } from "../../base/reachable-addresses.js";
import { storeInvalid, storeUnavailable } from "./secret-store.js";

/** Time for one request, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** Largest response that is read. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;
const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** What all clients of stores share. */
export interface StoreNetwork {
  /** Hosts that may be reached although their addresses are not public. */
  readonly hosts: HostRules;
  readonly proxies?: ProxyRules;
  /** Called for each request with the HTTP status, or `error`. */
  readonly onRequest?: (store: string, code: string) => void;
}

/** One request. Bodies and headers may hold secrets. */
export interface StoreRequest {
  readonly method: "GET" | "POST";
  /** Path below the address, with a query; the caller escapes it. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** A response of any status but a redirect. */
export interface StoreResponse {
  readonly status: number;
  /** JSON; undefined if the body is none. */
  readonly body: unknown;
}

/** HTTP client of one store. Follows no redirect, since a credential must not go to another host. */
export class StoreClient {
  /** What people call it: `Vault at https://vault.example.com`. */
  readonly what: string;
  readonly #url: URL;
  readonly #port: number;
  readonly #reach: ReachableAddresses;
  readonly #dispatcher: Dispatcher;
  readonly #proxy: HttpProxy | undefined;
  readonly #kind: string;
  readonly #onRequest: NonNullable<StoreNetwork["onRequest"]>;

  /** `kind`: `Vault` or `the Core`. `ca`: PEM certificates to trust besides those of the system. */
  constructor(kind: string, url: string, ca: string | undefined, network: StoreNetwork) {
    this.#kind = kind;
    this.#url = checkedUrl(url);
    this.what = `${kind} at ${this.#url.origin}`;
    this.#port = Number(this.#url.port) || (this.#url.protocol === "https:" ? 443 : 80);
    this.#onRequest = network.onRequest ?? (() => {});
    this.#reach = new ReachableAddresses(network.hosts, (host, port) =>
      storeInvalid(
        `${host}:${port} has no public address, and is not in --secret-store-hosts of the operator: ask the administrator to allow this host`,
      ),
    );
    const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
    const proxy = (network.proxies ?? new ProxyRules()).proxyFor(this.#url.href);
    this.#proxy = proxy;
    const limits = { headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS, maxResponseSize: MAX_RESPONSE_BYTES };
    this.#dispatcher =
      proxy === undefined
        ? new Agent({
            connect: { lookup: this.#reach.lookup(this.#port), timeout: TIMEOUT_MS, ...trusted },
            ...limits,
          })
        : new ProxyAgent({ uri: proxy.url, requestTls: trusted, ...limits, ...tokenOf(proxy) });
  }

  /** Sends a request. Throws an OverseerError if there is no response, or a redirect. */
  async request({ method, path, headers, body }: StoreRequest): Promise<StoreResponse> {
    this.#reach.check(this.#url.hostname, this.#port);
    let code = "error";
    try {
      if (this.#proxy !== undefined) await this.#checkBehind(this.#proxy);
      const response = await this.#dispatcher.request({
        origin: this.#url.origin,
        path: `${this.#url.pathname.replace(/\/+$/, "")}${path}`,
        method,
        headers: {
          accept: "application/json",
          "user-agent": "overseer-gitops",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const { statusCode } = response;
      code = String(statusCode);
      const text = await this.#textOf(response.body);
      if (statusCode >= 300 && statusCode < 400) throw this.#redirect(response.headers.location);
      return { status: statusCode, body: parsed(text) };
    } catch (error) {
      throw this.#failure(error);
    } finally {
      this.#onRequest(this.#kind, code);
    }
  }

  /** Closes all connections. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /** Checks the host before a proxy connects to it, since only the proxy knows to which address. */
  async #checkBehind({ address, variable }: HttpProxy): Promise<void> {
    const host = this.#url.hostname;
    try {
      await this.#reach.checkNow(host, this.#port);
    } catch (error) {
      if (error instanceof OverseerError) throw error;
      throw storeUnavailable(
        `${host} is reached by the proxy ${address} of ${variable}, but the operator cannot resolve it to check its address: ask the administrator to allow ${host}:${this.#port} in --secret-store-hosts`,
      );
    }
  }

  async #textOf(body: Readable): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      const part = Buffer.from(chunk);
      bytes += part.length;
      if (bytes > MAX_RESPONSE_BYTES) throw this.#tooLarge();
      chunks.push(part);
    }
    return Buffer.concat(chunks).toString("utf8");
  }

  #tooLarge(): OverseerError {
    return storeUnavailable(`${this.what} answered with more than ${MAX_RESPONSE_BYTES / 1024 / 1024} MiB`);
  }

  #redirect(location: string | string[] | undefined): OverseerError {
    const target = URL.parse(String(location), this.#url.href);
    const where = target === null ? "another address" : target.host;
    return storeUnavailable(
      `${this.what} redirects to ${where}, which is not followed: set url to the address that answers`,
    );
  }

  #failure(error: unknown): OverseerError {
    if (error instanceof OverseerError) return error;
    const cause = error instanceof Error && error.cause instanceof OverseerError ? error.cause : undefined;
    if (cause !== undefined) return cause;
    const name = error instanceof Error ? error.name : "";
    if (/Timeout/.test(name)) return storeUnavailable(`${this.what} did not answer within ${TIMEOUT_MS / 1000} s`);
    const code = error instanceof Error && "code" in error ? String(error.code) : "no response";
    if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return this.#tooLarge();
    return storeUnavailable(`cannot reach ${this.what}: ${code}`);
  }
}

function checkedUrl(text: string): URL {
  const url = URL.parse(text);
  const isOpen = url?.protocol === "http:" && LOOPBACK.has(url.hostname);
  if (url === null || (url.protocol !== "https:" && !isOpen) || url.username !== "" || url.password !== "")
    throw storeInvalid("url must begin with https://, and must not contain a user name or password");
  return url;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function tokenOf({ credential }: HttpProxy): { token?: string } {
  if (credential === undefined) return {};
  const { username, password } = credential;
  return { token: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
}
