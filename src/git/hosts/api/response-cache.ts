import { LRUCache } from "lru-cache";

/** A response that a host can confirm as unchanged. */
export interface CachedResponse {
  readonly etag: string;
  readonly text: string;
  /** Value of the Link header. */
  readonly link: string | undefined;
}

/** Maximum number of responses, and of their characters in total. */
const MAX_RESPONSES = 1_000;
const MAX_CHARACTERS = 8 * 2 ** 20;

/** Responses by request and credential, for conditional requests: an unchanged one does not count toward most rate limits. */
export class ResponseCache {
  readonly #responses = new LRUCache<string, CachedResponse>({
    max: MAX_RESPONSES,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: ({ text }) => text.length + 1,
  });

  get(key: string): CachedResponse | undefined {
    return this.#responses.get(key);
  }

  set(key: string, response: CachedResponse): void {
    this.#responses.set(key, response);
  }

  clear(): void {
    this.#responses.clear();
  }
}
