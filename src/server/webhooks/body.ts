import type { Readable } from "node:stream";

/** Result of reading a body: complete, larger than allowed, or incomplete because the sender disconnected or timed out. */
export type BodyEnd = "cut_off" | "too_large" | "whole";

/**
 * Passes a body to `take` in chunks, without buffering it. `announced` is the Content-Length, if any; a body whose
 * announced length is too large is not read.
 */
export async function readBody(
  body: Readable,
  announced: string | undefined,
  maxBytes: number,
  take: (chunk: Buffer) => void,
): Promise<BodyEnd> {
  if (Number(announced) > maxBytes) return "too_large";
  let bytes = 0;
  try {
    // By default an iterator that ends early destroys the stream, but the response needs the same connection.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) return "too_large";
      take(chunk);
    }
  } catch {
    return "cut_off";
  }
  return "whole";
}
