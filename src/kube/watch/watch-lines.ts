import { ByteBuffer } from "../client/byte-buffer.js";
import { ResponseTooLargeError } from "../errors.js";

/**
 * No line of a watch is longer in good faith: etcd takes 1.5 MiB for an object unless told otherwise, and a line is that as
 * JSON. What is held of a longer one is let go.
 */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;

/**
 * Splits the byte stream of the watch of `path` into lines. A last line without an end is dropped: it is half an event.
 * Throws AnswerTooLargeError for a line that does not end.
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
