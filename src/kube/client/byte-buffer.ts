const LEAST_BYTES = 4 * 1024;
/** Room for more than that is let go with the text. */
const KEPT_BYTES = 64 * 1024;

/**
 * Collects the pieces of a text as bytes, so that a character that is cut in two by a piece's end is not harmed. The pieces
 * are copied: a sender who cuts his text into single bytes would cost a hundred times its length if each was kept.
 */
export class ByteBuffer {
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** Bytes that are held. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that there is room for: what is held in memory. */
  get room(): number {
    return this.#bytes.length;
  }

  add(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length, LEAST_BYTES));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#length);
    this.#length = length;
  }

  /** Gives the text, and begins with the next one. */
  take(): string {
    const text = this.#bytes.toString("utf8", 0, this.#length);
    this.clear();
    return text;
  }

  /** Lets go of what is held. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.alloc(0);
  }
}

/** Reads a text to its end, or until there are `most` bytes of it; then the rest is not waited for. */
export async function readText(pieces: AsyncIterable<Uint8Array>, most = Number.POSITIVE_INFINITY): Promise<string> {
  const buffer = new ByteBuffer();
  for await (const piece of pieces) {
    buffer.add(piece.subarray(0, most - buffer.length));
    if (buffer.length >= most) break;
  }
  return buffer.take();
}
