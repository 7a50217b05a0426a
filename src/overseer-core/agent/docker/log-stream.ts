/** Bytes before each frame: the stream, three zeros, and the length of the frame. */
const HEADER = 8;

/**
 * Splits the log of a container into lines as the engine sends it: in frames of stdout and stderr, or as it is for a container with a
 * terminal.
 */
export class LogDecoder {
  #data = Buffer.alloc(0);
  #framed: boolean | undefined;
  #rest = "";
  readonly #decoder = new TextDecoder();

  /** Adds a chunk; returns the lines that are complete. */
  add(chunk: Buffer): string[] {
    this.#data = Buffer.concat([this.#data, chunk]);
    if (this.#framed === undefined) {
      if (this.#data.length < HEADER) return [];
      this.#framed = (this.#data[0] ?? 255) <= 2 && this.#data.readUIntBE(1, 3) === 0;
    }
    const lines = (this.#rest + this.#decoder.decode(this.#content(), { stream: true })).split(/\r?\n/);
    this.#rest = lines.pop() ?? "";
    return lines.filter((line) => line.trim() !== "");
  }

  /** Returns the last line if it has no end. */
  end(): string[] {
    const last = this.#framed === undefined ? this.#data.toString("utf8") : this.#rest;
    return last.trim() === "" ? [] : [last];
  }

  /** Takes what is complete from the data, without headers. */
  #content(): Buffer {
    const data = this.#data;
    if (!this.#framed) {
      this.#data = Buffer.alloc(0);
      return data;
    }
    const frames: Buffer[] = [];
    let at = 0;
    while (at + HEADER <= data.length) {
      const end = at + HEADER + data.readUInt32BE(at + 4);
      if (end > data.length) break;
      frames.push(data.subarray(at + HEADER, end));
      at = end;
    }
    this.#data = data.subarray(at);
    return Buffer.concat(frames);
  }
}
