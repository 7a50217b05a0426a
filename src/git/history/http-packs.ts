import { LRUCache } from "lru-cache";
import { Semaphore } from "../../base/semaphore.js";
import type { GitRemote } from "../engine.js";
import type { GitHttpClient } from "../http/client.js";
import type { GitLimits } from "../limits.js";
import { checkAdvertised } from "../protocol/advertisement.js";
import { readResponse } from "../protocol/read-response.js";
import { filtersUnsupported, historyUnsupported, MAX_PACK_BYTES } from "./history.js";
import { type PackRequest, packCommand } from "./request.js";
import { Capabilities, PackResponse } from "./response.js";

/** Maximum number of servers whose capabilities are cached. */
const MAX_REMEMBERED = 10_000;

/** Receives packs over HTTP: one request each, after one for the capabilities of the server. */
export class HttpPacks {
  readonly #http: GitHttpClient;
  readonly #limits: GitLimits;
  readonly #slots: Semaphore;
  /** Whether `fetch` supports filters, by remote. */
  readonly #filters = new LRUCache<string, boolean>({ max: MAX_REMEMBERED });

  constructor(http: GitHttpClient, limits: GitLimits) {
    this.#http = http;
    this.#limits = limits;
    this.#slots = new Semaphore(limits.concurrentLists);
  }

  /** Returns a pack that is not verified. Throws `GIT_HISTORY_UNSUPPORTED` and the errors of a fetch. */
  async read(remote: GitRemote, base: string, request: PackRequest, signal: AbortSignal): Promise<Buffer> {
    const filter = this.#filters.get(remote.id) ?? (await this.#discover(remote, base, signal));
    if (request.needsFilter && !filter) throw filtersUnsupported(remote.url);
    const { body } = await this.#http.send({
      remote,
      base,
      service: "/git-upload-pack",
      body: packCommand(request, filter),
      headers: {
        "git-protocol": "version=2",
        "content-type": "application/x-git-upload-pack-request",
        accept: "application/x-git-upload-pack-result",
      },
      maxBytes: MAX_PACK_BYTES,
      remedy: request.remedy,
      signal,
    });
    const reader = new PackResponse(remote.url);
    return readResponse({ body, reader, url: remote.url, slots: this.#slots });
  }

  async #discover(remote: GitRemote, base: string, signal: AbortSignal): Promise<boolean> {
    const { body, contentType } = await this.#http.send({
      remote,
      base,
      service: "/info/refs?service=git-upload-pack",
      headers: { "git-protocol": "version=2" },
      maxBytes: this.#limits.maxRefBytes,
      signal,
    });
    checkAdvertised(remote.url, contentType);
    const capabilities = await readResponse({
      body,
      reader: new Capabilities(),
      url: remote.url,
      slots: this.#slots,
    });
    if (capabilities === undefined) throw historyUnsupported(remote.url);
    this.#filters.set(remote.id, capabilities.filter);
    return capabilities.filter;
  }
}
