import { inflateSync } from "node:zlib";
import { GitError } from "../errors.js";

/** Kinds of Git objects. */
export type ObjectType = "commit" | "tree" | "blob" | "tag";

/** A complete Git object. */
export interface GitObject {
  readonly type: ObjectType;
  readonly content: Buffer;
}

/** Object types by their number in a pack entry (gitformat-pack). */
const TYPES: Readonly<Record<number, ObjectType>> = { 1: "commit", 2: "tree", 3: "blob", 4: "tag" };
const OFS_DELTA = 6;
const REF_DELTA = 7;

/** Header of a pack entry, before the deflated bytes. */
export interface EntryHead {
  /** `delta` if this entry is a difference to another object. */
  readonly type: ObjectType | "delta";
  /** Inflated size in bytes. */
  readonly size: number;
  /** For a delta: offset of its base in the same pack, or the base's id in hex. */
  readonly base: number | string | undefined;
  /** Start of the deflated bytes, counted like `at`. */
  readonly dataAt: number;
}

/** Reads the header of the entry at `bytes[at]`, which is at `offset` in its pack. Throws `GIT_PACK_CORRUPT`. */
export function readEntryHead(bytes: Buffer, at: number, offset: number): EntryHead {
  let byte = byteAt(bytes, at);
  let next = at + 1;
  const number = (byte >> 4) & 7;
  let size = byte & 15;
  for (let scale = 16; byte & 0x80; scale *= 128) {
    byte = byteAt(bytes, next++);
    size += (byte & 0x7f) * scale;
    if (size > Number.MAX_SAFE_INTEGER) throw corrupt("impossible object size");
  }
  if (number === OFS_DELTA) {
    const [distance, dataAt] = readDistance(bytes, next);
    if (distance <= 0 || distance > offset - 12) throw corrupt("delta base outside the pack");
    return { type: "delta", size, base: offset - distance, dataAt };
  }
  if (number === REF_DELTA) {
    if (next + 20 > bytes.length) throw corrupt("truncated entry");
    return { type: "delta", size, base: bytes.toString("hex", next, next + 20), dataAt: next + 20 };
  }
  const type = TYPES[number];
  if (type === undefined) throw corrupt(`unknown entry type ${number}`);
  return { type, size, base: undefined, dataAt: next };
}

/**
 * Inflates the data of an entry. Also returns the number of deflated bytes, which the pack does not record. Never inflates more than
 * the header announces. Throws `GIT_PACK_CORRUPT`.
 */
export function inflateEntry(bytes: Buffer, head: EntryHead): { readonly data: Buffer; readonly deflated: number } {
  const { size, dataAt } = head;
  try {
    const chunkSize = Math.min(Math.max(size + 1, 64), 1 << 20);
    // With `info`, zlib also returns its engine, whose `bytesWritten` is the consumed input; the types lack this.
    const { buffer, engine } = inflateSync(bytes.subarray(dataAt), {
      info: true,
      chunkSize,
      maxOutputLength: size + 1,
    }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } };
    if (buffer.length !== size) throw corrupt("object with an unexpected size");
    return { data: buffer, deflated: engine.bytesWritten };
  } catch (error) {
    throw error instanceof GitError ? error : corrupt("object that cannot be inflated", error);
  }
}

/** Reads the distance to the base of an ofs-delta, and the start of the data. */
function readDistance(bytes: Buffer, at: number): [distance: number, dataAt: number] {
  let next = at;
  let byte = byteAt(bytes, next++);
  let distance = byte & 0x7f;
  while (byte & 0x80) {
    byte = byteAt(bytes, next++);
    distance = (distance + 1) * 128 + (byte & 0x7f);
    if (distance > Number.MAX_SAFE_INTEGER) break;
  }
  return [distance, next];
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw corrupt("truncated entry");
  return byte;
}

/** Returns the error for a corrupt pack. */
export function corrupt(what: string, cause?: unknown): GitError {
  return new GitError(
    "GIT_PACK_CORRUPT",
    `the received pack is corrupt (${what}) and was discarded; it is fetched again`,
    {
      cause,
    },
  );
}
