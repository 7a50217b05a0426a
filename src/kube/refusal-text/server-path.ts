import { jsonText } from "../../base/hash.js";
import type { FieldPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";

/**
 * The way to a field that the API server names, within the object that it was sent. It writes paths in two ways,
 * `.spec.containers[name="c"].args[1]` and `spec.containers[0].args[1]`, and leaves dots in keys as they are, so that only the
 * object tells where a key ends. Undefined for what is no path.
 */
export function resolvePath(text: string, object: unknown): FieldPath | undefined {
  const path: (string | number)[] = [];
  let rest = text.startsWith(".") || text.startsWith("[") ? text : `.${text}`;
  let at: unknown = object;
  while (rest !== "") {
    const step = rest.startsWith("[") ? bracketStep(rest, at) : fieldStep(rest, at);
    if (step === undefined) return undefined;
    path.push(step.step);
    rest = rest.slice(step.length);
    at = childOf(at, step.step);
  }
  return path;
}

/** The value at a path; undefined where there is none. */
export function valueAt(object: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(childOf, object);
}

/** `spec.containers[web].args[1]`: items are named where they have a name. */
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

function fieldStep(rest: string, at: unknown): Step | undefined {
  const keys = isRecord(at) ? Object.keys(at) : [];
  const ends = (length: number): boolean => length === rest.length || rest[length] === "." || rest[length] === "[";
  let known: string | undefined;
  for (const key of keys) {
    const fits = key !== "" && rest.startsWith(key, 1) && ends(key.length + 1);
    if (fits && key.length > (known?.length ?? 0)) known = key;
  }
  const step = known ?? /^\.([^.[]+)/.exec(rest)?.[1];
  return step === undefined ? undefined : { step, length: step.length + 1 };
}

function bracketStep(rest: string, at: unknown): Step | undefined {
  const end = closingBracket(rest);
  if (end < 0) return undefined;
  const inside = rest.slice(1, end);
  const length = end + 1;
  if (/^\d+$/.test(inside) && !isRecord(at)) return { step: Number(inside), length };
  if (!Array.isArray(at)) return inside === "" ? undefined : { step: inside, length };
  const wanted = [...inside.matchAll(/(?:^|,)(\w*)=("(?:[^"\\]|\\.)*"|[^,]*)/g)];
  const index = at.findIndex(
    (item) => wanted.length > 0 && wanted.every(([, key = "", value = ""]) => has(item, key, value)),
  );
  return index < 0 ? undefined : { step: index, length };
}

/** A key that the item does not have was filled in by the API server. */
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
