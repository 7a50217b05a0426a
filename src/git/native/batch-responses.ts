import type { GitObject, ObjectType } from "../pack/entry.js";

/** Maximum length of an object header: id, type and size. */
const MAX_HEAD = 200;

const FOUND = /^([0-9a-f]{40}) (commit|tree|blob|tag) (\d{1,15})$/;
const MISSING = /^([0-9a-f]{40}) missing$/;

/** One response of `git cat-file --batch`. */
export interface BatchResponse {
  readonly id: string;
  /** Undefined if the object does not exist or is too large. */
  readonly object: GitObject | undefined;
  /** Size of an object over the limit, whose content was dropped. */
  readonly tooLarge?: number;
}

/** Invalid output: the child cannot be used anymore. */
export class BatchBroken extends Error {}

/**
 * Parses the output of `git cat-file --batch` in chunks of any size. Keeps at most one object, and drops the content of objects
 * over `maxBytes`. Throws `BatchBroken` for invalid output.
 */
export class BatchResponses {
  readonly #maxBytes: number;
  #head = "";
  #dropping: { readonly id: string; readonly size: number; left: number } | undefined;
  #content: { readonly id: string; readonly type: ObjectType; readonly bytes: Buffer; filled: number } | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Returns the responses that `chunk` completes. */
  push(chunk: Buffer): BatchResponse[] {
    const responses: BatchResponse[] = [];
    for (let at = 0; at < chunk.length; ) {
      if (this.#dropping !== undefined) at = this.#dropContent(this.#dropping, chunk, at, responses);
      else if (this.#content !== undefined) at = this.#readContent(chunk, at, responses);
      else at = this.#readHead(chunk, at, responses);
    }
    return responses;
  }

  #readHead(chunk: Buffer, at: number, responses: BatchResponse[]): number {
    const end = chunk.indexOf(10, at);
    this.#head += chunk.toString("latin1", at, end < 0 ? chunk.length : end);
    if (this.#head.length > MAX_HEAD) throw new BatchBroken("invalid response of git cat-file");
    if (end < 0) return chunk.length;
    const head = this.#head;
    this.#head = "";
    const missing = MISSING.exec(head)?.[1];
    if (missing !== undefined) responses.push({ id: missing, object: undefined });
    else this.#begin(head);
    return end + 1;
  }

  #begin(head: string): void {
    const [, id, type, size] = FOUND.exec(head) ?? [];
    if (id === undefined) throw new BatchBroken("invalid object header");
    // One byte more for the trailing line break.
    if (Number(size) > this.#maxBytes) {
      this.#dropping = { id, size: Number(size), left: Number(size) + 1 };
      return;
    }
    this.#content = { id, type: type as ObjectType, bytes: Buffer.allocUnsafe(Number(size) + 1), filled: 0 };
  }

  #dropContent(
    dropping: { readonly id: string; readonly size: number; left: number },
    chunk: Buffer,
    at: number,
    responses: BatchResponse[],
  ): number {
    const dropped = Math.min(dropping.left, chunk.length - at);
    dropping.left -= dropped;
    if (dropping.left === 0) {
      this.#dropping = undefined;
      responses.push({ id: dropping.id, object: undefined, tooLarge: dropping.size });
    }
    return at + dropped;
  }

  #readContent(chunk: Buffer, at: number, responses: BatchResponse[]): number {
    const content = this.#content;
    if (content === undefined) return at;
    const copied = chunk.copy(content.bytes, content.filled, at);
    content.filled += copied;
    if (content.filled === content.bytes.length) {
      const { id, type, bytes } = content;
      this.#content = undefined;
      if (bytes.at(-1) !== 10) throw new BatchBroken("object with an unexpected size");
      responses.push({ id, object: { type, content: bytes.subarray(0, -1) } });
    }
    return at + copied;
  }
}
