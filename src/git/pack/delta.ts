import { corrupt } from "./entry.js";

/** Returns the size of a delta's result without applying it. Throws `GIT_PACK_CORRUPT`. */
export function deltaResultSize(delta: Buffer): number {
  return readSize(delta, readSize(delta, 0).next).size;
}

/**
 * Applies a delta (gitformat-pack, "Deltified representation") to its base. Throws `GIT_PACK_CORRUPT` if it does not match the base
 * or the announced size.
 */
export function applyDelta(base: Buffer, delta: Buffer): Buffer {
  const source = readSize(delta, 0);
  const target = readSize(delta, source.next);
  if (source.size !== base.length) throw corrupt("delta for another base");
  const result = Buffer.allocUnsafe(target.size);
  let written = 0;
  let at = target.next;
  while (at < delta.length) {
    const op = delta[at++] as number;
    if (op === 0) throw corrupt("unknown delta instruction");
    let from = delta;
    let start = at;
    let length = op;
    if (op & 0x80) {
      const copy = readCopy(delta, at, op);
      from = base;
      ({ start, length } = copy);
      at = copy.next;
    } else at += op;
    if (start + length > from.length || written + length > result.length) throw corrupt("delta out of bounds");
    from.copy(result, written, start, start + length);
    written += length;
  }
  if (written !== result.length) throw corrupt("delta result with an unexpected size");
  return result;
}

/** Reads a copy instruction: four bits select the bytes of the offset that follow, three more those of the length. */
function readCopy(delta: Buffer, at: number, op: number): { start: number; length: number; next: number } {
  let next = at;
  let start = 0;
  let length = 0;
  for (let i = 0; i < 4; i++) if (op & (1 << i)) start += (delta[next++] ?? 0) * 256 ** i;
  for (let i = 0; i < 3; i++) if (op & (0x10 << i)) length += (delta[next++] ?? 0) * 256 ** i;
  if (next > delta.length) throw corrupt("truncated delta");
  return { start, length: length === 0 ? 0x10000 : length, next };
}

function readSize(delta: Buffer, at: number): { size: number; next: number } {
  let size = 0;
  let next = at;
  for (let scale = 1; ; scale *= 128) {
    const byte = delta[next++];
    if (byte === undefined || scale > 2 ** 42) throw corrupt("truncated delta");
    size += (byte & 0x7f) * scale;
    if ((byte & 0x80) === 0) return { size, next };
  }
}
