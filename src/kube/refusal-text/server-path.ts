import { jsonText } from "../../base/hash.js";
import type { FieldPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";

/**
 * Resolves a field path of the API server within the submitted object. The server uses two notations,
 * `.spec.containers[name="c"].args[1]` and `spec.containers[0].args[1]`, and does not escape dots in keys, so the object is needed
 * to find where a key ends. Undefined for other text.
 */
export function resolvePath(text: string, object: unknown): FieldPath | undefined {
  const path: (string | number)[] = [];
  let remaining = text.startsWith(".") || text.startsWith("[") ? text : `.${text}`;
  let at: unknown = object;
  while (remaining !== "") {
    const step = remaining.startsWith("[") ? bracketStep(remaining, at) : fieldStep(remaining, at);
    if (step === undefined) return undefined;
    path.push(step.step);
    remaining = remaining.slice(step.length);
    at = childOf(at, step.step);
  }
  return path;
}

/** Returns the value at a path; undefined if it does not exist. */
export function valueAt(object: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(childOf, object);
}

/** Formats a path for messages: `spec.containers[web].args[1]`, with item names instead of indexes where available. */
export function showServerPath(path: FieldPath, object: unknown): string {
  let text = "";
  let at = object;
  for (const step of path) {
    at = childOf(at, step);
    const name = typeof step === "number" && isRecord(at) ? at.name : undefined;
    if (typeof name === "string" && name !== "") text += `[${name.slice(0, 80)}]`;
    else if (typeof step === "number") text += `[${step}]`;
    else if (/^[\w$-]+$/.test(step)) text += text === "" ? step : `.${step}`;
    else text += `[${step.replace(/\p{Cc}/gu, "?").slice(0, 80)}]`;
  }
  return text;
}

interface Step {
  readonly step: string | number;
  readonly length: number;
}

function childOf(at: unknown, step: string | number): unknown {
  if (typeof step === "number") return Array.isArray(at) ? at[step] : undefined;
  return isRecord(at) && Object.hasOwn(at, step) ? at[step] : undefined;
}

function fieldStep(text: string, at: unknown): Step | undefined {
  const keys = isRecord(at) ? Object.keys(at) : [];
  const ends = (length: number): boolean => length === text.length || text[length] === "." || text[length] === "[";
  let known: string | undefined;
  for (const key of keys) {
    const matches = key !== "" && text.startsWith(key, 1) && ends(key.length + 1);
    if (matches && key.length > (known?.length ?? 0)) known = key;
  }
  const step = known ?? /^\.([^.[]+)/.exec(text)?.[1];
  return step === undefined ? undefined : { step, length: step.length + 1 };
}

function bracketStep(text: string, at: unknown): Step | undefined {
  const end = closingBracket(text);
  if (end < 0) return undefined;
  const inside = text.slice(1, end);
  const length = end + 1;
  if (/^\d+$/.test(inside) && !isRecord(at)) return { step: Number(inside), length };
  if (!Array.isArray(at)) return inside === "" ? undefined : { step: inside, length };
  const keys = [...inside.matchAll(/(?:^|,)(\w*)=("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  const index = at.findIndex(
    (item) => keys.length > 0 && keys.every(([, key = "", value = ""]) => has(item, key, value)),
  );
  return index < 0 ? undefined : { step: index, length };
}

/** A key that the item lacks was defaulted by the API server, so it matches. */
function has(item: unknown, key: string, json: string): boolean {
  const value = key === "" ? item : isRecord(item) ? item[key] : undefined;
  return (key !== "" && isRecord(item) && value === undefined) || jsonText(value) === json;
}

function closingBracket(text: string): number {
  let quoted = false;
  for (let at = 1; at < text.length; at++) {
    if (text[at] === '"') quoted = !quoted;
    else if (text[at] === "\\" && quoted) at++;
    else if (text[at] === "]" && !quoted) return at;
  }
  return -1;
}
