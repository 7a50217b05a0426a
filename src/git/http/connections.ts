import * as tls from "node:tls";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { LRUCache } from "lru-cache";
import { type Dispatcher, Pool, ProxyAgent } from "undici";
import { canonicalJson, sha256 } from "../../base/hash.js";
import { type HttpProxy, ProxyRules } from "../../base/proxy.js";
import type { GitCredential, GitRemote } from "../engine.js";
import type { GitLimits } from "../limits.js";
import { socks5Connector } from "./socks5.js";

/** Maximum number of pools: one per server and client certificate. */
const MAX_POOLS = 256;
/** Shorter than the 75 s of common reverse proxies, so that the client closes first. A server's own announcement takes precedence. */
const KEEP_ALIVE_MS = 60_000;

/** Keep-alive connections: one pool per server and set of certificates, shared by the repositories of a server. */
export class Connections {
  readonly #limits: GitLimits;
  readonly #proxies: ProxyRules;
  readonly #pools = new LRUCache<string, Dispatcher>({
    max: MAX_POOLS,
    dispose: (pool) => void pool.close().catch(() => {}),
  });

  constructor(limits: GitLimits, proxies = new ProxyRules()) {
    this.#limits = limits;
    this.#proxies = proxies;
  }

  /** Returns the proxy for `remote`; undefined for a direct connection. */
  proxyFor(remote: GitRemote): HttpProxy | undefined {
    return remote.proxy ?? this.#proxies.proxyFor(remote.url);
  }

  /** Returns the pool for `remote`. Requests must set their origin. */
  pool(remote: GitRemote): Dispatcher {
    const { origin } = new URL(remote.url);
    const own = remote.proxy === undefined ? "" : sha256(canonicalJson(remote.proxy));
    const key = `${origin} ${certificatesDigest(remote.credential)} ${own}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = this.#connect(origin, remote.credential, this.proxyFor(remote));
    this.#pools.set(key, pool);
    return pool;
  }

  /** Closes idle connections; busy ones close after their request. */
  clear(): void {
    this.#pools.clear();
  }

  #connect(origin: string, credential: GitCredential | undefined, proxy: HttpProxy | undefined): Dispatcher {
    const isTls = origin.startsWith("https:");
    const secureContext = isTls ? secureContextOf(credential) : undefined;
    const { connectionsPerServer, silenceTimeoutMs, connectTimeoutMs } = this.#limits;
    const settings = {
      connections: connectionsPerServer,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: silenceTimeoutMs,
      bodyTimeout: silenceTimeoutMs,
    };
    const connect = { timeout: connectTimeoutMs, ...(secureContext === undefined ? {} : { secureContext }) };
    if (proxy === undefined) return new Pool(origin, { ...settings, connect });
    if (proxy.url.startsWith("socks5:"))
      return new Pool(origin, { ...settings, connect: socks5Connector(proxy, connect) });
    return new ProxyAgent({
      ...settings,
      uri: proxy.url,
      ...(proxy.credential === undefined ? {} : { token: basic(proxy.credential) }),
      // As in curl: unencrypted requests are sent to the proxy itself, which rarely opens tunnels to port 80.
      proxyTunnel: isTls,
      requestTls: connect,
      proxyTls: { timeout: connectTimeoutMs },
      clientFactory: (to, options) => new Pool(to, { ...settings, ...options }),
    });
  }
}

function basic({ username, password }: NonNullable<HttpProxy["credential"]>): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/**
 * Returns the TLS settings of a credential; undefined for Node's defaults. All connections of a pool share one context: parsing
 * some 140 root certificates for each would cost more than the handshake.
 */
function secureContextOf(credential: GitCredential | undefined): SecureContext | undefined {
  const { ca, clientCert, clientKey } = credential ?? {};
  if (ca === undefined && clientCert === undefined) return undefined;
  return createSecureContext({
    ...(ca === undefined ? {} : { ca: [...systemCertificates(), ca] }),
    ...(clientCert === undefined ? {} : { cert: clientCert }),
    ...(clientKey === undefined ? {} : { key: clientKey }),
  });
}

/** Returns Node's default certificate authorities; newer versions include those configured for the process. */
function systemCertificates(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  return getCACertificates?.("default") ?? rootCertificates;
}

function certificatesDigest(credential: GitCredential | undefined): string {
  const { ca, clientCert, clientKey } = credential ?? {};
  return ca === undefined && clientCert === undefined ? "" : sha256(canonicalJson([ca, clientCert, clientKey]));
}
