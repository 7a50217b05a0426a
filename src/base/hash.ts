import { createHash, createHmac } from "node:crypto";

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * JSON with sorted keys and no white space: equal values give equal text, whatever order they were written in. A bigint is
 * written with all its digits. `undefined` members are left out, as JSON.stringify does.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const record = value as Record<string, unknown>;
  const parts: string[] = [];
  for (const key of Object.keys(record).sort()) {
    if (record[key] !== undefined) parts.push(`${JSON.stringify(key)}:${canonicalJson(record[key])}`);
  }
  return `{${parts.join(",")}}`;
}

/** JSON as `JSON.stringify` writes it, which refuses bigints: a value that holds one has its keys sorted. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return canonicalJson(value);
  }
}

/** Hex SHA-256 of a text, cut to `length` digits. 32 digits (128 bits) do where nobody gains by a collision. */
export function sha256(text: string | Uint8Array, length = 64): string {
  const digest = createHash("sha256").update(text).digest();
  return digest.toString("hex", 0, Math.ceil(length / 2)).slice(0, length);
}

/** Hex HMAC-SHA-256, for what a plain hash would let a reader guess. */
export function hmacSha256(key: string | Uint8Array, text: string, length = 64): string {
  return createHmac("sha256", key).update(text).digest("hex").slice(0, length);
}
