import { Fault } from "../fault.js";

/** With the flag u, a pair is one character and does not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Deepest nesting of a body: more than any document has, less than any stack. */
const MAX_DEPTH = 64;

/**
 * Reads a JSON body; an empty one is undefined. Throws a Fault INVALID for what is no JSON, is nested too deeply, has a member `__proto__`
 * or a text that UTF-8 cannot write. The parser's own message would repeat what was sent, and that may be a secret.
 */
export function readBody(text: string): unknown {
  if (text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault("INVALID", "the body is no JSON");
  }
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new Fault("INVALID", `the body is nested more than ${MAX_DEPTH} levels deep`);
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item === "string" && LONE_SURROGATE.test(item))
        throw new Fault("INVALID", "the body has half a character");
      if (typeof item !== "object" || item === null) continue;
      if (Object.hasOwn(item, "__proto__")) throw new Fault("INVALID", "the body has a member __proto__");
      for (const child of Object.values(item)) next.push(child);
    }
    level = next;
  }
  return value;
}
