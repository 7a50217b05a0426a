/**
 * Splits a byte stream into lines. Lines are kept as bytes until they are whole, so that a character that is cut in
 * two by a chunk's end is not harmed. A last line without an end is dropped: it is half an event.
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let pending: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const part = chunk.subarray(start, end);
      const line = pending.length === 0 ? part.toString("utf8") : Buffer.concat([...pending, part]).toString("utf8");
      pending = [];
      start = end + 1;
      if (line !== "") yield line;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
}
