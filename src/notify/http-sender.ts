import { rootCertificates } from "node:tls";
import { Agent, type Dispatcher, ProxyAgent } from "undici";
import { OverseerError } from "../base/errors.js";
import { type HttpProxy, ProxyRules } from "../base/proxy.js";
import type { OutgoingRequest, SecretValues } from "./provider.js";
import type { Reach } from "./reach.js";

/** Time for one request, in milliseconds. */
const TIMEOUT_MS = 10_000;
/** Bytes of a response that are read. */
const MAX_RESPONSE_BYTES = 64 * 1024;
/** Longest wait that a receiver may ask for. */
const MAX_RETRY_AFTER_MS = 15 * 60_000;
/** Error codes in responses, such as `invalid_payload`. Other texts are not shown: they may repeat a credential. */
const SAFE_CODE = /^[a-z][a-z_ ]{2,40}$/;

/** Sends requests to receivers of messages. Redirects are not followed. */
export class HttpSender {
  readonly #reach: Reach;
  readonly #proxies: ProxyRules;
  readonly #timeoutMs: number;

  constructor(options: { reach: Reach; proxies?: ProxyRules; timeoutMs?: number }) {
    this.#reach = options.reach;
    this.#proxies = options.proxies ?? new ProxyRules();
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** Sends a request; resolves if it was accepted. Throws an OverseerError that names the host only, since the URL may be secret. */
  async send(
    request: OutgoingRequest,
    secret: SecretValues,
    retryAfter: ((body: unknown) => number | undefined) | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const url = new URL(request.url);
    const port = Number(url.port) || (url.protocol === "https:" ? 443 : 80);
    this.#reach.check(url.hostname, port);
    const proxy = this.#proxies.proxyFor(url.href);
    if (proxy !== undefined) await this.#checkBehind(url, port, proxy);
    const dispatcher = this.#connect(port, proxy, secret["ca.crt"]);
    const late = new AbortController();
    const abort = (): void => late.abort();
    const timer = setTimeout(abort, this.#timeoutMs);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
      const response = await dispatcher.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: {
          "content-type": "application/json",
          "user-agent": "overseer-gitops",
          ...credentialOf(url),
          ...request.headers,
        },
        body: JSON.stringify(request.body),
        signal: late.signal,
      });
      const text = await readStart(response.body);
      if (response.statusCode >= 200 && response.statusCode < 300) return;
      throw refused(url, response, text, secret, retryAfter);
    } catch (error) {
      throw failureOf(error, url, late.signal.aborted && !signal.aborted, this.#timeoutMs);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      await dispatcher.destroy().catch(() => {});
    }
  }

  /** Checks the host before a proxy connects to it, since only the proxy knows to which address. */
  async #checkBehind({ hostname }: URL, port: number, { address, variable }: HttpProxy): Promise<void> {
    try {
      await this.#reach.checkNow(hostname, port);
    } catch (error) {
      if (error instanceof OverseerError) throw error;
      throw failed(
        `the host ${hostname}:${port} of the channel is reached by the proxy ${address} of ${variable}, but the operator cannot resolve it to check its address: ask the administrator to allow it in --notification-hosts`,
      );
    }
  }

  #connect(port: number, proxy: HttpProxy | undefined, ca: string | undefined): Dispatcher {
    const trusted = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
    if (proxy !== undefined) return new ProxyAgent({ uri: proxy.url, requestTls: trusted, ...tokenOf(proxy) });
    return new Agent({ connect: { lookup: this.#reach.lookup(port), timeout: this.#timeoutMs, ...trusted } });
  }
}

function tokenOf({ credential }: HttpProxy): { token?: string } {
  if (credential === undefined) return {};
  const { username, password } = credential;
  return { token: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
}

/** A user name and password in the URL of a webhook. */
function credentialOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === "") return {};
  const text = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(text).toString("base64")}` };
}

/** A percent sign that begins no escape stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function readStart(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_RESPONSE_BYTES).toString("utf8");
}

function refused(
  url: URL,
  { statusCode, headers }: Dispatcher.ResponseData,
  text: string,
  secret: SecretValues,
  retryAfter: ((body: unknown) => number | undefined) | undefined,
): OverseerError {
  const isSafe = SAFE_CODE.test(text) && !Object.values(secret).some((value) => value.includes(text));
  const detail = statusCode >= 300 && statusCode < 400 ? ", a redirect, which is not followed" : "";
  const code = isSafe ? ` (${text})` : "";
  const wait = statusCode === 429 || statusCode === 503 ? waitOf(headers, text, retryAfter) : undefined;
  return failed(
    `the host ${url.host} of the channel answered ${statusCode}${code}${detail}`,
    wait === undefined ? undefined : Math.min(wait, MAX_RETRY_AFTER_MS),
  );
}

/** Returns the wait that a receiver asks for, in milliseconds. */
function waitOf(
  headers: Dispatcher.ResponseData["headers"],
  text: string,
  retryAfter: ((body: unknown) => number | undefined) | undefined,
): number | undefined {
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  if (seconds >= 0) return seconds * 1000;
  try {
    return retryAfter?.(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function failureOf(error: unknown, url: URL, isLate: boolean, timeoutMs: number): OverseerError {
  if (error instanceof OverseerError) return error;
  if (isLate) return failed(`the host ${url.host} of the channel did not answer within ${timeoutMs / 1000} s`);
  const code = error instanceof Error && "code" in error ? String(error.code) : "no response";
  return failed(`cannot send to the host ${url.host} of the channel: ${code}`);
}

function failed(message: string, retryAfterMs?: number): OverseerError {
  return new OverseerError(message, {
    ...{ code: "NOTIFY_FAILED", reason: "DeliveryFailed", class: "retryable" },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
