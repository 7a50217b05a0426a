import { createHmac, hash } from "node:crypto";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Serializes JSON with sorted keys and no white space, so that equal values give equal text. A bigint is written with all its
 * digits. `undefined` members are omitted, as in JSON.stringify.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  // Concatenated strings are twice as fast as joined lists, and this is the largest part of most renders.
  let text = "";
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === "" ? "" : ","}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record).sort()) {
    const child = record[key];
    if (child !== undefined) text += `${text === "" ? "" : ","}${quoted(key)}:${canonicalJson(child)}`;
  }
  return `{${text}}`;
}

/** Keys in quotes: manifests have few different ones. */
const quotedKeys = new Map<string, string>();
const MAX_QUOTED_KEYS = 5_000;
const MAX_QUOTED_LENGTH = 64;

function quoted(key: string): string {
  const known = quotedKeys.get(key);
  if (known !== undefined) return known;
  const text = JSON.stringify(key);
  if (quotedKeys.size < MAX_QUOTED_KEYS && key.length <= MAX_QUOTED_LENGTH) quotedKeys.set(key, text);
  return text;
}

/** Serializes JSON as `JSON.stringify` does, but supports bigints: a value that contains one is written with sorted keys. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return canonicalJson(value);
  }
}

/** Returns the hex SHA-256 of a text, truncated to `length` digits. 32 digits (128 bits) suffice where collisions are harmless. */
export function sha256(text: string | Uint8Array, length = 64): string {
  return hash("sha256", text, "hex").slice(0, length);
}

/** Returns the hex HMAC-SHA-256, for values that could be guessed from a plain hash. */
export function hmacSha256(key: string | Uint8Array, text: string, length = 64): string {
  return createHmac("sha256", key).update(text).digest("hex").slice(0, length);
}
