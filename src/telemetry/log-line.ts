import { messageOf, OverseerError } from "../base/errors.js";
import type { LogFields } from "../base/logger.js";
import { redactUrl } from "../base/redact.js";

/** Log levels, most severe first. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Maximum length of a string field, in characters. */
const MAX_STRING = 4096;
/** Maximum nesting depth of a field; also ends cycles. */
const MAX_DEPTH = 4;
/** Maximum number of list items in a field. */
const MAX_ITEMS = 50;

/** User name and password of a URL inside a longer text. */
const USERINFO = /:\/\/[^\s/?#"'<>]*@/g;
const RESERVED: ReadonlySet<string> = new Set(["ts", "level", "msg"]);

/**
 * Formats one log line as JSON without a newline: `{"ts","level","msg",…fields}`. Sanitizes all values: removes user
 * names and passwords from URLs, formats errors (with a stack only if they are unexpected), truncates long and deep
 * values.
 */
export function formatLine(ts: string, level: LogLevel, message: string, fields: LogFields): string {
  const line: Record<string, unknown> = { ts, level, msg: cleanText(message) };
  for (const key of Object.keys(fields)) {
    const value = fields[key];
    if (value === undefined) continue;
    const name = RESERVED.has(key) ? `_${key}` : key;
    if (value instanceof Error) addError(line, name, value);
    else line[name] = cleanValue(value, 0);
  }
  return JSON.stringify(line);
}

/** Adds the message and code of an expected error. Any other error is a bug, so its stack is added. */
function addError(line: Record<string, unknown>, name: string, error: Error): void {
  line[name] = cleanText(error.message);
  if (error instanceof OverseerError) line[`${name}Code`] = error.code;
  else line[`${name}Stack`] = cleanText(error.stack ?? "");
  if (error.cause !== undefined) line[`${name}Cause`] = cleanText(messageOf(error.cause));
}

function cleanText(text: string): string {
  const safe = text.includes("://") ? redact(text) : text;
  return safe.length <= MAX_STRING ? safe : `${safe.slice(0, MAX_STRING - 1)}…`;
}

/** Removes credentials from URLs. A text that is a single URL with a user name also loses its query, which may contain tokens. */
function redact(text: string): string {
  if (!text.includes("@")) return text;
  return /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#]*@\S*$/i.test(text) ? redactUrl(text) : text.replace(USERINFO, "://");
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return `<${typeof value}>`;
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Error) return cleanText(value.message);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "<invalid date>" : value.toISOString();
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (depth >= MAX_DEPTH) return "…";
  if (value instanceof Map) return cleanValue(Object.fromEntries(value), depth);
  if (value instanceof Set) return cleanValue([...value], depth);
  if (Array.isArray(value)) return cleanList(value, depth);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cleanValue(item, depth + 1)]));
}

function cleanList(list: readonly unknown[], depth: number): unknown[] {
  const shown = list.slice(0, MAX_ITEMS).map((item) => cleanValue(item, depth + 1));
  return list.length > MAX_ITEMS ? [...shown, `… ${list.length - MAX_ITEMS} more`] : shown;
}
