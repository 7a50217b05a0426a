import { StringDecoder } from "node:string_decoder";

/** Maximum length of a line. */
const MAX_LINE = 16 * 1024;
/** Bytes of a line that are kept until its end: more are dropped as they arrive. */
const MAX_PENDING = 4 * MAX_LINE;

/** Converts a log with a timestamp in each line, as the API server sends it, to NDJSON. A long line is cut, whatever arrives. */
export async function* logLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder("utf8");
  let pending = "";
  for await (const chunk of chunks) {
    const lines = (pending + decoder.write(chunk)).split("\n");
    pending = (lines.pop() ?? "").slice(0, MAX_PENDING);
    if (lines.length > 0) yield lines.map(lineOf).join("");
  }
  if (pending !== "") yield lineOf(pending);
}

function lineOf(line: string): string {
  const at = line.indexOf(" ");
  const stamp = at < 0 ? line : line.slice(0, at);
  const isStamp = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(stamp);
  const text = isStamp ? (at < 0 ? "" : line.slice(at + 1)) : line;
  const cut = text.replace(/\r$/, "").slice(0, MAX_LINE);
  return `${JSON.stringify({ time: isStamp ? stamp : "", text: cut })}\n`;
}
