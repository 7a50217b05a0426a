import { isIP } from "node:net";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../base/clock.js";
import { canonicalJson, hmacSha256, sha256 } from "../../base/hash.js";
import type { HostRules } from "../../base/host-rules.js";
import { type HttpProxy, ProxyRules } from "../../base/proxy.js";
import { redactUrl } from "../../base/redact.js";
import { refuseUnlessAllowed } from "../allowed-hosts.js";
import { credentialDigest, credentialFromSecret } from "../credentials/credentials.js";
import type { GitCredential, GitRemote } from "../engine.js";
import { GitError } from "../errors.js";
import { GITHUB_APP_KEYS } from "../github/app-secret.js";
import { InstallationTokens } from "../github/installation-tokens.js";
import { Connections } from "../http/connections.js";
import { DEFAULT_GIT_LIMITS } from "../limits.js";
import { remoteAddress } from "../remote.js";
import { type ApiObserver, type ApiServices, HostApi } from "./api/client.js";
import { ResponseCache } from "./api/response-cache.js";
import type { HostTarget } from "./api/target.js";
import type { GitHost } from "./git-host.js";
import { HOST_TYPES } from "./host-types.js";
import { type HostAddress, hostAddress, type ProviderSettings } from "./recognize.js";

/** The repository whose host to use. */
export interface HostRepository {
  /** URL of the repository, by HTTPS or SSH. */
  readonly url: string;
  readonly provider?: ProviderSettings | undefined;
  /** The Secret with the credential of the API. Without it, the API is used anonymously. */
  readonly secret?: { readonly where: string; readonly data: Readonly<Record<string, string>> } | undefined;
  /** Proxy of the repository. */
  readonly proxy?: HttpProxy | undefined;
}

/** Options of GitHosts. */
export interface GitHostsOptions {
  readonly clock: Clock;
  readonly allowedHosts: HostRules;
  /** Proxies of the environment. */
  readonly proxies?: ProxyRules;
  /** Key for the digests of credentials. */
  readonly digestKey?: string;
  readonly observe?: ApiObserver;
  /** Time of one request, in milliseconds. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 20_000;
/** Maximum number of credentials whose rate limits and users are remembered. */
const MAX_CREDENTIALS = 1_000;

/** Options of one API. */
export interface OpenOptions {
  /** Whether gates ask it: then it must be the host of the repository, so that editors of the GitRepository cannot choose it. */
  readonly isWitness?: boolean;
}

/** Opens the APIs of Git hosts. Connections, tokens, cached responses and rate limits are shared. */
export class GitHosts {
  readonly #services: ApiServices;
  readonly #connections: Connections;
  readonly #options: GitHostsOptions;

  constructor(options: GitHostsOptions) {
    const { clock, proxies = new ProxyRules(), observe = () => {}, timeoutMs = TIMEOUT_MS } = options;
    this.#options = options;
    this.#connections = new Connections(DEFAULT_GIT_LIMITS, proxies);
    this.#services = {
      ...{ clock, observe, timeoutMs, connections: this.#connections },
      tokens: new InstallationTokens(this.#connections, clock),
      cache: new ResponseCache(),
      limits: new LRUCache({ max: MAX_CREDENTIALS }),
      users: new LRUCache({ max: MAX_CREDENTIALS }),
    };
  }

  /**
   * Returns the API of a repository's host, without a request. Throws `GIT_URL_INVALID`, `GIT_CREDENTIAL_INVALID` and
   * `GIT_HOST_NOT_ALLOWED`. A host that is not recognized supports no operation.
   */
  open({ url, provider, secret, proxy }: HostRepository, { isWitness = false }: OpenOptions = {}): GitHost {
    const address = hostAddress(url, provider);
    if (typeof address === "string")
      throw new GitError(
        "GIT_URL_INVALID",
        `the API of the Git host cannot be used: spec.url ${redactUrl(url)} ${address}; correct spec.url or spec.provider.type`,
      );
    const repositoryUrl = `${address.web}/${address.path.join("/")}`;
    const isKnown = address.type !== "Generic";
    const credential = isKnown && secret ? apiCredential(secret, address, repositoryUrl) : undefined;
    const app = credential?.githubApp;
    const api = provider?.apiURL === undefined && app?.isOwnApi ? app.api : address.api;
    const target: HostTarget = {
      ...address,
      ...{ repositoryUrl, api },
      where: secret?.where,
      remote: this.#remote(api, credential, proxy),
    };
    if (isKnown) refuseUnlessAllowed(remoteAddress(api), "the API in spec.provider", this.#options.allowedHosts);
    if (isWitness) refuseForeignApi(url, { type: address.type, api });
    return HOST_TYPES[address.type](new HostApi(target, this.#services));
  }

  /** Closes idle connections, and forgets responses. */
  close(): void {
    this.#connections.clear();
    this.#services.cache.clear();
  }

  #remote(api: string, credential: GitCredential | undefined, proxy: HttpProxy | undefined): GitRemote {
    const { digestKey = "" } = this.#options;
    const identity = canonicalJson([api, credential ? credentialDigest(credential, digestKey) : "", proxy]);
    const id = digestKey === "" ? sha256(identity) : hmacSha256(digestKey, identity);
    return { url: api, credential, ...(proxy === undefined ? {} : { proxy }), id };
  }
}

/**
 * Refuses an API that is not the one of the repository's host: at another host, or below another path than that of such an API, where a user
 * may have put files.
 */
function refuseForeignApi(url: string, { type, api }: Pick<HostAddress, "type" | "api">): void {
  const [known, usual] = [hostAddress(url), hostAddress(url, { type })];
  const hosts = [hostOf(url), ...(typeof known === "string" ? [] : [hostOf(known.web), hostOf(known.api)])];
  const isOwnHost = hosts.includes(hostOf(api));
  if (isOwnHost && typeof usual !== "string" && isApiPath(pathOf(api), pathOf(usual.api), pathOf(url))) return;
  throw new GitError(
    "GIT_HOST_NOT_ALLOWED",
    `reviews and checks are only asked at the API of the host of spec.url, and ${redactUrl(api)} is another address: correct spec.provider`,
  );
}

/** Reports whether a path is the usual one of an API, below the path of the server, with which that of the repository begins. */
function isApiPath(path: string, usual: string, repository: string): boolean {
  if (usual === "" || !path.endsWith(usual)) return path === usual;
  const server = path.slice(0, path.length - usual.length);
  return server === "" || repository.startsWith(`${server}/`);
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname.replace(/\/+$/, "") : "";
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}

function apiCredential(
  { where, data }: NonNullable<HostRepository["secret"]>,
  { api }: HostAddress,
  url: string,
): GitCredential {
  if (isPlainHttp(api))
    throw new GitError(
      "GIT_URL_INVALID",
      `credentials are not sent to ${api} over http://: set spec.provider.apiURL to an https:// URL`,
    );
  if (!API_KEYS.some((key) => Object.hasOwn(data, key))) throw noApiCredential(where);
  const credential = credentialFromSecret(data, { where, url });
  // Such a Secret, as of Argo CD, is for the host of that URL. Editors of a GitRepository, who choose the API, need not be permitted to read it.
  if (Object.hasOwn(data, "url") && !apiHostsOf(url, credential).includes(hostOf(api)))
    throw new GitError(
      "GIT_CREDENTIAL_INVALID",
      `${where} is for the host in its key url, and not for the API ${redactUrl(api)}: use another Secret in spec.provider.secretRef, or correct spec.provider`,
    );
  const { password, bearerToken, githubApp, clientCert } = credential;
  if ((password ?? bearerToken ?? githubApp ?? clientCert) !== undefined) return credential;
  throw noApiCredential(where);
}

/** Returns the hosts where the API of a repository usually is, or is according to its credential. */
function apiHostsOf(url: string, { githubApp }: GitCredential): (string | undefined)[] {
  const usual = hostAddress(url);
  return [
    hostOf(url),
    ...(typeof usual === "string" ? [] : [hostOf(usual.api)]),
    ...(githubApp?.isOwnApi ? [hostOf(githubApp.api)] : []),
  ];
}

/** Keys of a Secret that an API accepts. An SSH key is for Git only. */
const API_KEYS = ["token", "password", "bearerToken", "tls.crt", "tlsClientCertData", "certFile", ...GITHUB_APP_KEYS];

function noApiCredential(where: string): GitError {
  return new GitError(
    "GIT_CREDENTIAL_INVALID",
    `${where} has no credential for the API of the Git host: set spec.provider.secretRef to a Secret with a token`,
  );
}

function isPlainHttp(api: string): boolean {
  const { protocol, hostname } = new URL(api);
  const isLoopback =
    hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
  return protocol === "http:" && !isLoopback;
}
