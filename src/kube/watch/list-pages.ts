import type { KubeClient, KubeRequest } from "../client/kube-client.js";
import { ResponseTooLargeError } from "../errors.js";
import type { RawObject } from "../object.js";

/** One page of a list. */
export interface ListPage {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly RawObject[] | null;
}

/** Page size of a server without limits. */
const PAGE = 500;
/** Pages beyond those that full pages of all permitted objects need. */
const MORE_PAGES = 10;
/** Maximum length of the token of the next page: a key of etcd in base64. */
const MAX_TOKEN = 8 * 1024;
/** Factor by which the page size shrinks after a page that was too large. */
const SHRINK_FACTOR = 4;

/** Lists a collection in pages. After a page that was too large, the next list uses smaller ones. */
export class ListPages {
  readonly #client: KubeClient;
  #size: number;

  constructor(client: KubeClient) {
    this.#client = client;
    this.#size = client.limits?.page ?? PAGE;
  }

  /** Yields the pages of `request`. Throws the client's errors, and ResponseTooLargeError for pages without an end. */
  async *read(request: KubeRequest): AsyncGenerator<ListPage> {
    const { limits } = this.#client;
    const max = limits ? Math.ceil(limits.objects / this.#size) + MORE_PAGES : Number.POSITIVE_INFINITY;
    let token: string | undefined;
    let count = 0;
    do {
      if (++count > max || (token?.length ?? 0) > MAX_TOKEN)
        throw new ResponseTooLargeError(`the list of ${request.path} does not end after ${count - 1} pages`, undefined);
      const page = await this.#request({
        ...request,
        query: { ...request.query, limit: String(this.#size), continue: token },
      });
      yield page;
      token = page.metadata.continue || undefined;
    } while (token !== undefined);
  }

  async #request(request: KubeRequest): Promise<ListPage> {
    try {
      return (await this.#client.request<ListPage>(request)).body;
    } catch (error) {
      if (error instanceof ResponseTooLargeError) this.#size = Math.ceil(this.#size / SHRINK_FACTOR);
      throw error;
    }
  }
}
