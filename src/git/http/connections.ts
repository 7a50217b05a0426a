import * as tls from "node:tls";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { LRUCache } from "lru-cache";
import { Pool } from "undici";
import { canonicalJson, sha256 } from "../../base/hash.js";
import type { GitCredential, GitRemote } from "../engine.js";
import type { GitLimits } from "../limits.js";

/** Servers (with different certificates of ours) whose connections are kept. */
const MAX_POOLS = 256;
/** Shorter than the 75 s of a common reverse proxy, so that we hang up first. What a server itself announces counts more. */
const KEEP_ALIVE_MS = 60_000;

/** Keep-alive connections, one pool for each server and set of certificates. Repositories of one server share them. */
export class Connections {
  readonly #limits: GitLimits;
  readonly #pools = new LRUCache<string, Pool>({
    max: MAX_POOLS,
    dispose: (pool) => void pool.close().catch(() => {}),
  });

  constructor(limits: GitLimits) {
    this.#limits = limits;
  }

  /** The pool to reach `remote` with. */
  pool(remote: GitRemote): Pool {
    const { origin } = new URL(remote.url);
    const key = `${origin} ${certificatesDigest(remote.credential)}`;
    const known = this.#pools.get(key);
    if (known !== undefined) return known;
    const pool = this.#connect(origin, remote.credential);
    this.#pools.set(key, pool);
    return pool;
  }

  /** Ends all idle connections; those at work end with their request. */
  clear(): void {
    this.#pools.clear();
  }

  #connect(origin: string, credential: GitCredential | undefined): Pool {
    const secureContext = origin.startsWith("https:") ? secureContextOf(credential) : undefined;
    return new Pool(origin, {
      connections: this.#limits.connectionsPerServer,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: KEEP_ALIVE_MS,
      headersTimeout: this.#limits.silenceTimeoutMs,
      bodyTimeout: this.#limits.silenceTimeoutMs,
      connect: { timeout: this.#limits.connectTimeoutMs, ...(secureContext === undefined ? {} : { secureContext }) },
    });
  }
}

/**
 * The TLS settings of a credential; undefined means Node's own. One context serves all connections of a pool: reading
 * some 140 root certificates anew for each would cost more than the handshake.
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

/** What Node trusts by default; newer versions can tell, with the extra ones that the process was started with. */
function systemCertificates(): readonly string[] {
  const { getCACertificates } = tls as { getCACertificates?: (type: "default") => string[] };
  return getCACertificates?.("default") ?? rootCertificates;
}

function certificatesDigest(credential: GitCredential | undefined): string {
  const { ca, clientCert, clientKey } = credential ?? {};
  return ca === undefined && clientCert === undefined ? "" : sha256(canonicalJson([ca, clientCert, clientKey]));
}
