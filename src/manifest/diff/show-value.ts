import { canonicalJson } from "../../base/hash.js";
import { Masked, REDACTED } from "./mask.js";

/** Longer values are cut, with their length noted. In UTF-16 code units. */
export const MAX_SHOWN_VALUE = 256;

/**
 * A value for people, on one line: text as it is, unless it could be taken for something else (`"5"`, `"true"`, `""`,
 * text with line ends); everything else as JSON. Masked values show as `<redacted>`.
 */
export function showValue(value: unknown): string {
  if (value instanceof Masked) return REDACTED;
  if (typeof value === "string") return cut(isPlain(value) ? value : JSON.stringify(value), value.length);
  const text = canonicalJson(mayBeShown(value));
  return cut(text, text.length);
}

function isPlain(text: string): boolean {
  if (text === "" || /[\p{Cc}"]|^\s|\s$|^[[{]/u.test(text)) return false;
  return !/^(?:true|false|null|~)$/.test(text) && Number.isNaN(Number(text));
}

function cut(text: string, length: number): string {
  if (text.length <= MAX_SHOWN_VALUE) return text;
  return `${text.slice(0, MAX_SHOWN_VALUE).replace(/[\uD800-\uDBFF]$/, "")}… (${length} characters)`;
}

/** Masked values within larger ones: canonical JSON looks at own fields only and would print `{}`. */
function mayBeShown(value: unknown): unknown {
  if (value instanceof Masked) return REDACTED;
  if (Array.isArray(value)) return value.map(mayBeShown);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, mayBeShown(child)]));
}
