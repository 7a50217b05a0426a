import { ByteBuffer } from "../client/byte-buffer.js";
import { ResponseTooLargeError } from "../errors.js";

/**
 * Maximum length of a watch line: etcd stores objects up to 1.5 MiB by default, and a line is such an object as JSON. Longer
 * lines are discarded.
 */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

/**
 * Splits the byte stream of the watch of `path` into lines. An unterminated last line is dropped: it is an incomplete event.
 * Throws ResponseTooLargeError for a line above the limit.
 */
export async function* splitLines(
  chunks: AsyncIterable<Buffer>,
  path: string,
  pending = new ByteBuffer(),
): AsyncGenerator<string> {
  const hold = (part: Buffer): void => {
    if (pending.length + part.length > MAX_LINE_BYTES) {
      const message = `WATCH ${path}: an event exceeds ${MAX_LINE_BYTES / 1024 / 1024} MiB`;
      throw new ResponseTooLargeError(message, undefined);
    }
    pending.add(part);
  };
  try {
    for await (const chunk of chunks) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        hold(chunk.subarray(start, end));
        start = end + 1;
        const line = pending.take();
        if (line !== "") yield line;
      }
      if (start < chunk.length) hold(chunk.subarray(start));
    }
  } finally {
    pending.clear();
  }
}
