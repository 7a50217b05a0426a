import { LRUCache } from "lru-cache";
import type { Clock } from "../../base/clock.js";
import { withDeadline } from "../../base/deadline.js";
import { Semaphore } from "../../base/semaphore.js";
import type { GitRemote, RemoteRefs } from "../engine.js";
import { isGitError } from "../errors.js";
import type { GitHttpClient } from "../http/client.js";
import { tooSlow } from "../http/failures.js";
import type { GitLimits } from "../limits.js";
import { RefFilter } from "../refs/ref-filter.js";
import { AdvertisementReader, checkAdvertised, LsRefsReader, type ResponseReader } from "./advertisement.js";
import { DELIMITER, FLUSH, pktLine } from "./pkt-line.js";
import { readResponse } from "./read-response.js";

/** Discovered protocol version and repository address of a server. */
interface RemoteProtocol {
  readonly version: 0 | 2;
  readonly base: string;
}

/** Maximum number of cached remotes. */
const MAX_REMEMBERED = 10_000;

/** Errors of a server that may not understand a direct `ls-refs`; discovery by GET follows. */
const NOT_UNDERSTOOD = [
  "GIT_PROTOCOL",
  "GIT_REPOSITORY_NOT_FOUND",
  "GIT_REMOTE_FAILED",
  "GIT_INCOMPLETE",
  "GIT_SERVER_ERROR",
  "GIT_REDIRECTED",
] as const;

/** Remedies for too many refs. */
const NAME_ONE = "set ref to one branch or tag instead of a version range, or delete unused branches and tags";
const NAMED_TOO_LARGE =
  "only the names in ref were requested, so the server either ignores the filter or has very many refs with these prefixes; delete unused branches and tags";
const OLD_SERVER = "the server is too old to filter refs; delete unused branches and tags, or upgrade the server";

/**
 * Lists the refs of remotes. In the steady state this takes one POST of protocol v2: the preceding GET of other clients only
 * discovers the protocol version, which is tried and cached here.
 */
export class LsRefs {
  readonly #http: GitHttpClient;
  readonly #clock: Clock;
  readonly #limits: GitLimits;
  readonly #queue: Semaphore;
  readonly #protocols = new LRUCache<string, RemoteProtocol>({ max: MAX_REMEMBERED });

  constructor(http: GitHttpClient, clock: Clock, limits: GitLimits) {
    this.#http = http;
    this.#clock = clock;
    this.#limits = limits;
    this.#queue = new Semaphore(limits.concurrentLists);
  }

  /** Lists the refs that match one of `prefixes`, with annotated tags peeled; includes HEAD if a prefix matches it. */
  async list(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs> {
    const ms = this.#limits.pollTimeoutMs;
    const expired = (): Error => tooSlow(remote, "listing its refs", ms);
    return withDeadline({ clock: this.#clock, signal, ms, expired }, async (within) => {
      const known = this.#protocols.get(remote.id);
      if (known?.version === 0) return this.#advertised(remote, known.base, prefixes, within);
      try {
        return await this.#request(remote, known?.base ?? remote.url, prefixes, within);
      } catch (error) {
        if (!isGitError(error, ...NOT_UNDERSTOOD)) throw error;
        this.#protocols.delete(remote.id);
        if (known !== undefined) throw error;
        return this.#advertised(remote, remote.url, prefixes, within);
      }
    });
  }

  /** Returns the repository's last known address: redirects of the server are followed. */
  base(remote: GitRemote): string {
    return this.#protocols.get(remote.id)?.base ?? remote.url;
  }

  async #request(
    remote: GitRemote,
    base: string,
    prefixes: readonly string[],
    signal: AbortSignal,
  ): Promise<RemoteRefs> {
    const { maxRefBytes, maxNamedRefBytes } = this.#limits;
    const remedy = isWide(prefixes) ? NAME_ONE : NAMED_TOO_LARGE;
    const response = await this.#http.send({
      remote,
      base,
      service: "/git-upload-pack",
      body: lsRefsRequest(prefixes),
      headers: {
        "git-protocol": "version=2",
        "content-type": "application/x-git-upload-pack-request",
        accept: "application/x-git-upload-pack-result",
      },
      maxBytes: isWide(prefixes) ? maxRefBytes : maxNamedRefBytes,
      remedy,
      signal,
    });
    const reader = new LsRefsReader(this.#filter(remote, prefixes, remedy), remote.url);
    const refs = await this.#read(remote, response.body, reader);
    this.#protocols.set(remote.id, { version: 2, base: response.base });
    return refs;
  }

  async #advertised(
    remote: GitRemote,
    base: string,
    prefixes: readonly string[],
    signal: AbortSignal,
  ): Promise<RemoteRefs> {
    const response = await this.#http.send({
      remote,
      base,
      service: "/info/refs?service=git-upload-pack",
      headers: { "git-protocol": "version=2" },
      maxBytes: this.#limits.maxRefBytes,
      remedy: OLD_SERVER,
      signal,
    });
    checkAdvertised(remote.url, response.contentType);
    const reader = new AdvertisementReader(this.#filter(remote, prefixes, OLD_SERVER), remote.url);
    const advertisement = await this.#read(remote, response.body, reader);
    if (advertisement.version === 2) return this.#request(remote, response.base, prefixes, signal);
    this.#protocols.set(remote.id, { version: 0, base: response.base });
    return advertisement.refs;
  }

  #filter(remote: GitRemote, prefixes: readonly string[], remedy: string): RefFilter {
    return new RefFilter(prefixes, this.#limits.maxRefs, remote.url, remedy);
  }

  #read<T>({ url }: GitRemote, body: AsyncIterable<Buffer>, reader: ResponseReader<T>): Promise<T> {
    return readResponse({ body, reader, url, slots: this.#queue });
  }
}

/** Returns the `ls-refs` command of protocol v2 for refs that start with one of `prefixes`. */
export function lsRefsRequest(prefixes: readonly string[]): string {
  const filters = prefixes.map((prefix) => pktLine(`ref-prefix ${prefix}`));
  return [pktLine("command=ls-refs"), DELIMITER, pktLine("peel"), pktLine("symrefs"), ...filters, FLUSH].join("");
}

/** Returns whether all branches or tags are requested instead of single refs. */
export function isWide(prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => prefix.endsWith("/"));
}
