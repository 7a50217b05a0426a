import type { Readable } from "node:stream";

/** How the reading of a body ended: all of it was seen, it was larger than allowed, or its sender went away or was too slow. */
export type BodyEnd = "cut_off" | "too_large" | "whole";

/**
 * Passes a body on piece by piece, and keeps nothing of it. `announced` is its length as its sender said, if he did: what is
 * too large by its own account is not begun with.
 */
export async function readBody(
  body: Readable,
  announced: string | undefined,
  maxBytes: number,
  take: (piece: Buffer) => void,
): Promise<BodyEnd> {
  if (Number(announced) > maxBytes) return "too_large";
  let bytes = 0;
  try {
    // An iterator that ends early destroys what it reads, unless told; the answer has to go over the same connection.
    for await (const piece of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > maxBytes) return "too_large";
      take(piece);
    }
  } catch {
    return "cut_off";
  }
  return "whole";
}
