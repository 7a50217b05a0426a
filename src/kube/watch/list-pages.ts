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

  /** Yields the pages of `request`. Throws the client's errors. */
  async *read(request: KubeRequest): AsyncGenerator<ListPage> {
    let token: string | undefined;
    do {
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
