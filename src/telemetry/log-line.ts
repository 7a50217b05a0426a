import { messageOf, OverseerError } from "../base/errors.js";
import type { LogFields } from "../base/logger.js";
import { redactUrl } from "../base/redact.js";

/** Severities, from the one that is always written to the one that is written only on request. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Longest string of a field, in characters: a log line is no place for a manifest. */
const MAX_STRING = 4096;
/** Deepest nesting of a field; also what ends a cycle. */
const MAX_DEPTH = 4;
/** Most items of a list in a field. */
const MAX_ITEMS = 50;

/** User name and password of a URL inside a longer text. */
const USERINFO = /:\/\/[^\s/?#"'<>]*@/g;
const RESERVED: ReadonlySet<string> = new Set(["ts", "level", "msg"]);

/**
 * One log line, as JSON without a line end: `{"ts","level","msg",…fields}`. Values are made safe here, once for all
 * callers: URLs lose user name and password, errors become texts (with a stack only when they were not expected), long
 * and deep values are cut.
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

/** An expected error is its message and code; any other one is a fault of ours and shows where it happened. */
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

/** A text that is one URL with a user name loses its query too, since that is where the other tokens are. */
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
