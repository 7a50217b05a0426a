import { isRecord } from "../../manifest/shape.js";
import { composeValue } from "./kinds/compose-text.js";

/** Keys with confidential values; everything below `environment` is confidential. */
const CONFIDENTIAL = /^value$|environment|secret|password|passwd|token|credential|private/i;
/** Length of a fragment that reveals a value; shorter values are matched as a whole. */
const WINDOW = 8;
/** Shorter values are ignored, since any text contains them. */
const SHORTEST = 3;

/** Whether a text quotes a confidential value of a request, or a fragment of one: plain, as JSON or as base64. */
export function quotesSent(text: string, body: unknown, confidential: readonly string[] = []): boolean {
  const values = [...confidential, ...valuesIn(body, false)];
  return values.some((value) =>
    [value, JSON.stringify(value).slice(1, -1), base64(value)].some((form) => quotes(text, form)),
  );
}

function quotes(text: string, value: string): boolean {
  if (value.length < SHORTEST) return false;
  if (value.length <= WINDOW) return text.includes(value);
  for (let at = 0; at + WINDOW <= value.length; at++) if (text.includes(value.slice(at, at + WINDOW))) return true;
  return false;
}

function valuesIn(value: unknown, confidential: boolean): string[] {
  if (typeof value === "string") return confidential ? [value, value.slice(value.indexOf("=") + 1)] : [];
  if (typeof value === "number") return confidential ? [String(value)] : [];
  if (Array.isArray(value)) return value.flatMap((item) => valuesIn(item, confidential));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const content = key === "compose" && typeof child === "string" ? composeValue(child) : child;
    return valuesIn(content, confidential || CONFIDENTIAL.test(key));
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64").replace(/=+$/, "").slice(0, -1);
}
