import { LRUCache } from "lru-cache";
import type { Clock } from "../../base/clock.js";
import { Semaphore } from "../../base/semaphore.js";
import { withDeadline } from "../deadline.js";
import type { GitRemote, RemoteRefs } from "../engine.js";
import { isGitError } from "../errors.js";
import type { GitHttpClient } from "../http/client.js";
import { tooSlow } from "../http/failures.js";
import type { GitLimits } from "../limits.js";
import { RefFilter } from "../refs/ref-filter.js";
import { AdvertisementReader, checkAdvertised, LsRefsReader, type ResponseReader } from "./advertisement.js";
import { DELIMITER, FLUSH, pktLine } from "./pkt-line.js";
import { readResponse } from "./read-response.js";

/** What was found out about a server: how it is asked for refs, and where the repository is. */
interface Manner {
  readonly version: 0 | 2;
  readonly base: string;
}

/** Remotes whose manner is remembered. */
const MAX_REMEMBERED = 10_000;

/** How an unknown server may answer a direct `ls-refs` that it does not understand: then it is asked the long way. */
const NOT_UNDERSTOOD = [
  "GIT_PROTOCOL",
  "GIT_REPOSITORY_NOT_FOUND",
  "GIT_REMOTE_FAILED",
  "GIT_INCOMPLETE",
  "GIT_SERVER_ERROR",
  "GIT_REDIRECTED",
] as const;

/** What to do about too many refs. */
const NAME_ONE =
  "name one branch or tag in ref instead of a version range, or remove branches and tags that nobody needs";
const NAMED_TOO_LARGE =
  "only the names in ref were asked for, so either its server sends all refs whatever it is asked, or very many begin like these; remove branches and tags that nobody needs";
const OLD_SERVER =
  "its server is too old to send only what is asked for; remove branches and tags that nobody needs, or update the server";

/**
 * Asks remotes for their refs. One POST of protocol v2 does in the steady state: the usual GET before it only tells which
 * protocol a server speaks, and that is tried and remembered here.
 */
export class LsRefs {
  readonly #http: GitHttpClient;
  readonly #clock: Clock;
  readonly #limits: GitLimits;
  readonly #queue: Semaphore;
  readonly #manners = new LRUCache<string, Manner>({ max: MAX_REMEMBERED });

  constructor(http: GitHttpClient, clock: Clock, limits: GitLimits) {
    this.#http = http;
    this.#clock = clock;
    this.#limits = limits;
    this.#queue = new Semaphore(limits.concurrentLists);
  }

  /** The refs that begin with one of `prefixes`, annotated tags peeled; with HEAD where a prefix of it is asked for. */
  async list(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs> {
    const ms = this.#limits.pollTimeoutMs;
    const expired = (): Error => tooSlow(remote, "listing its refs", ms);
    return withDeadline({ clock: this.#clock, signal, ms, expired }, async (within) => {
      const known = this.#manners.get(remote.id);
      if (known?.version === 0) return this.#advertised(remote, known.base, prefixes, within);
      try {
        return await this.#request(remote, known?.base ?? remote.url, prefixes, within);
      } catch (error) {
        if (!isGitError(error, ...NOT_UNDERSTOOD)) throw error;
        this.#manners.delete(remote.id);
        if (known !== undefined) throw error;
        return this.#advertised(remote, remote.url, prefixes, within);
      }
    });
  }

  /** Where the repository is as far as its server told. */
  base(remote: GitRemote): string {
    return this.#manners.get(remote.id)?.base ?? remote.url;
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
    this.#manners.set(remote.id, { version: 2, base: response.base });
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
    this.#manners.set(remote.id, { version: 0, base: response.base });
    return advertisement.refs;
  }

  #filter(remote: GitRemote, prefixes: readonly string[], remedy: string): RefFilter {
    return new RefFilter(prefixes, this.#limits.maxRefs, remote.url, remedy);
  }

  #read<T>({ url }: GitRemote, body: AsyncIterable<Buffer>, reader: ResponseReader<T>): Promise<T> {
    return readResponse({ body, reader, url, slots: this.#queue });
  }
}

/** Whether all branches or tags are asked for, and not single refs by their names. */
function isWide(prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => prefix.endsWith("/"));
}

function lsRefsRequest(prefixes: readonly string[]): string {
  const wanted = prefixes.map((prefix) => pktLine(`ref-prefix ${prefix}`));
  return [pktLine("command=ls-refs"), DELIMITER, pktLine("peel"), pktLine("symrefs"), ...wanted, FLUSH].join("");
}
