import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import type { GitObject, ObjectType } from "./entry.js";
import { corrupt } from "./entry.js";
import type { PackSet } from "./pack-set.js";
import { TimeSlice } from "./time-slice.js";

const NUMBERS: Readonly<Record<ObjectType, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };

/** Encodes a pack with the objects `ids` of `source`, without deltas. Throws `GIT_PACK_CORRUPT` if one cannot be read. */
export async function writePack(ids: Iterable<string>, source: PackSet): Promise<Buffer> {
  const header = Buffer.from("PACK\0\0\0\u0002\0\0\0\0", "latin1");
  const parts: Buffer[] = [header];
  const slice = new TimeSlice();
  for (const id of ids) {
    parts.push((await source.wholeEntry(id)) ?? encode(await required(id, source)));
    if (slice.due) await slice.pause();
  }
  header.writeUInt32BE(parts.length - 1, 8);
  const hash = createHash("sha1");
  for (const part of parts) hash.update(part);
  return Buffer.concat([...parts, hash.digest()]);
}

async function required(id: string, source: PackSet): Promise<GitObject> {
  const object = await source.read(id);
  if (object === undefined) throw corrupt(`missing object ${id}`);
  return object;
}

/** Encodes an entry: type and size (four bits, then seven per byte), followed by the deflated content. */
function encode({ type, content }: GitObject): Buffer {
  const head: number[] = [];
  let byte = (NUMBERS[type] << 4) | (content.length & 15);
  for (let size = Math.floor(content.length / 16); ; size = Math.floor(size / 128)) {
    head.push(size > 0 ? byte | 0x80 : byte);
    if (size === 0) break;
    byte = size & 0x7f;
  }
  return Buffer.concat([Buffer.from(head), deflateSync(content)]);
}
