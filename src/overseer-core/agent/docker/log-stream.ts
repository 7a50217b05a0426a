/** Bytes before each frame: the stream, three zeros, and the length of the frame. */
const HEADER = 8;
/** Maximum number of characters of a line; longer lines are split. */
const MAX_LINE = 64 * 1024;

/**
 * Splits the log of a container into lines as the engine sends it: in frames of stdout and stderr, or as it is for a container with a
 * terminal. Keeps at most one line, whatever the container writes.
 */
export class LogDecoder {
  /** What was received before its kind is known, or the beginning of a header. */
  #pending: Buffer = Buffer.alloc(0);
  #framed: boolean | undefined;
  /** Bytes of the current frame that are still to come. */
  #left = 0;
  #rest = "";
  readonly #decoder = new TextDecoder();

  /** Adds a chunk; returns the lines that are complete. */
  add(chunk: Buffer): string[] {
    const data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    this.#pending = Buffer.alloc(0);
    if (this.#framed === undefined) {
      if (data.length < HEADER) {
        this.#pending = data;
        return [];
      }
      this.#framed = (data[0] ?? 255) <= 2 && data.readUIntBE(1, 3) === 0;
    }
    const content = this.#framed ? this.#unframe(data) : data;
    const lines = (this.#rest + this.#decoder.decode(content, { stream: true })).split(/\r?\n/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length > MAX_LINE) {
      lines.push(this.#rest);
      this.#rest = "";
    }
    return lines.flatMap(splitLong).filter((line) => line.trim() !== "");
  }

  /** Returns the last line if it has no end. */
  end(): string[] {
    const last = this.#framed === undefined ? this.#pending.toString("utf8") : this.#rest;
    return last.trim() === "" ? [] : [last];
  }

  /** Returns what frames contain, also of a frame that is not complete yet. */
  #unframe(data: Buffer): Buffer {
    const parts: Buffer[] = [];
    let at = 0;
    while (at < data.length) {
      if (this.#left === 0) {
        if (at + HEADER > data.length) {
          this.#pending = data.subarray(at);
          break;
        }
        this.#left = data.readUInt32BE(at + 4);
        at += HEADER;
      } else {
        const end = Math.min(data.length, at + this.#left);
        parts.push(data.subarray(at, end));
        this.#left -= end - at;
        at = end;
      }
    }
    return Buffer.concat(parts);
  }
}

function splitLong(line: string): string[] {
  if (line.length <= MAX_LINE) return [line];
  return Array.from({ length: Math.ceil(line.length / MAX_LINE) }, (_, part) =>
    line.slice(part * MAX_LINE, (part + 1) * MAX_LINE),
  );
}
