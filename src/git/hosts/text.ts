import { createHash } from "node:crypto";
import { cutText } from "../../base/cut-text.js";

/** Returns a context or key of a commit status within the limit of a host. A longer one ends in a digest, so that it stays unique. */
export function limitedKey(text: string, max: number): string {
  if (text.length <= max) return text;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 8);
  return `${text.slice(0, max - digest.length - 1)}-${digest}`;
}

/** Returns a description on one line within the limit of a host. */
export function limitedDescription(text: string, max: number): string {
  return cutText(text.replace(/\s+/g, " ").trim(), max);
}
