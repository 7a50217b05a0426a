import { createHash } from "node:crypto";
import type { ObjectType } from "./entry.js";

/** A full commit, tree or blob id. */
const OBJECT_ID = /^[0-9a-f]{40}$/;

/** Returns whether `text` is a full object id in lower-case hex. */
export function isObjectId(text: string): boolean {
  return OBJECT_ID.test(text);
}

/** Computes the id of an object: SHA-1 over type, size and content. */
export function objectId(type: ObjectType, content: Uint8Array): Buffer {
  return createHash("sha1").update(`${type} ${content.length}\0`).update(content).digest();
}
