import { ProblemError } from "./problem.js";

/** With the flag u, a surrogate pair is one character and does not match. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/** Maximum nesting depth of a body: more than real documents need, and safe for recursion. */
const MAX_DEPTH = 64;

/**
 * Parses a JSON body; returns undefined for an empty one. Throws INVALID if the body is not JSON, is nested too deeply,
 * or has a member `__proto__` or an unpaired surrogate. The message of the JSON parser is not passed on, since it quotes
 * the body, which may contain a secret.
 */
export function parseJson(text: string): unknown {
  if (text.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProblemError("INVALID", "the body is not valid JSON");
  }
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new ProblemError("INVALID", `the body is nested more than ${MAX_DEPTH} levels deep`);
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item === "string" && LONE_SURROGATE.test(item))
        throw new ProblemError("INVALID", "the body contains an unpaired surrogate");
      if (typeof item !== "object" || item === null) continue;
      if (Object.hasOwn(item, "__proto__")) throw new ProblemError("INVALID", "the body contains a member __proto__");
      for (const child of Object.values(item)) next.push(child);
    }
    level = next;
  }
  return value;
}
