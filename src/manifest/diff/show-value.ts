import { canonicalJson } from "../../base/hash.js";
import { Masked, REDACTED } from "./mask.js";

/** Default for the maximum length of a displayed value in UTF-16 code units. Longer values are truncated, with their length. */
export const MAX_SHOWN_VALUE = 16_000;

/**
 * Formats a value for display on one line. Strings are unquoted unless ambiguous (`"5"`, `"true"`, `""`, line breaks); other
 * values are JSON. Masked values are shown as `<redacted>`. `max`: length in UTF-16 code units from which the text is truncated.
 */
export function showValue(value: unknown, max: number = MAX_SHOWN_VALUE): string {
  if (value instanceof Masked) return REDACTED;
  if (typeof value === "string") return cut(isPlain(value) ? value : JSON.stringify(value), value.length, max);
  const text = canonicalJson(mayBeShown(value));
  return cut(text, text.length, max);
}

function isPlain(text: string): boolean {
  if (text === "" || /[\p{Cc}"]|^\s|\s$|^[[{]/u.test(text)) return false;
  return !/^(?:true|false|null|~)$/.test(text) && Number.isNaN(Number(text));
}

function cut(text: string, length: number, max: number): string {
  if (text.length <= max) return text;
  return `${text.slice(0, max).replace(/[\uD800-\uDBFF]$/, "")}… (${length} characters)`;
}

/** Replaces masked values in a larger value, because canonical JSON would print them as `{}`. */
function mayBeShown(value: unknown): unknown {
  if (value instanceof Masked) return REDACTED;
  if (Array.isArray(value)) return value.map(mayBeShown);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, mayBeShown(child)]));
}
