import type { KubeClient, KubeRequest } from "../client/kube-client.js";
import { ResponseTooLargeError } from "../errors.js";
import type { RawObject } from "../object.js";

/** One page of a list. */
export interface ListPage {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly RawObject[] | null;
}

/** Objects of a page, unless the server has limits. */
const PAGE = 500;
/** A page that is too large is made so many times smaller. */
const SMALLER = 4;

/** Lists a collection by pages. After a page that was too large, the next list has smaller ones. */
export class ListPages {
  readonly #client: KubeClient;
  #size: number;

  constructor(client: KubeClient) {
    this.#client = client;
    this.#size = client.limits?.page ?? PAGE;
  }

  /** Gives the pages of what `request` asks for. Throws what the client throws. */
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
      if (error instanceof ResponseTooLargeError) this.#size = Math.ceil(this.#size / SMALLER);
      throw error;
    }
  }
}
