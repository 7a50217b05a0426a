const MIN_BYTES = 4 * 1024;
/** A larger buffer is freed after use. */
const KEPT_BYTES = 64 * 1024;

/**
 * Collects the chunks of a text as bytes, so that characters split between chunks survive. Chunks are copied: keeping each
 * would cost a hundred times the text's length if a sender splits it into single bytes.
 */
export class ByteBuffer {
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** Number of collected bytes. */
  get length(): number {
    return this.#length;
  }

  /** Capacity in bytes: the memory in use. */
  get room(): number {
    return this.#bytes.length;
  }

  add(chunk: Uint8Array): void {
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length, MIN_BYTES));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** Returns the text and starts the next one. */
  take(): string {
    const text = this.#bytes.toString("utf8", 0, this.#length);
    this.clear();
    return text;
  }

  /** Discards the collected bytes. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.alloc(0);
  }
}

/** Reads a text to its end, or up to `max` bytes without waiting for the remainder. */
export async function readText(chunks: AsyncIterable<Uint8Array>, max = Number.POSITIVE_INFINITY): Promise<string> {
  const buffer = new ByteBuffer();
  for await (const chunk of chunks) {
    buffer.add(chunk.subarray(0, max - buffer.length));
    if (buffer.length >= max) break;
  }
  return buffer.take();
}
