import { EVENT_ID, type Event, SCALAR_STYLE } from "js-yaml";
import { resolveBigInt, resolveNumber } from "./yaml-schema.js";

/** A scalar that cannot be represented without loss. */
export interface UnsafeScalar {
  /** Offset in the source. */
  readonly offset: number;
  readonly message: string;
}

const REMEDY = "put it in quotes if it is meant as text, or write it as a float";
const TOO_LARGE = `a whole number beyond 64 bits cannot be carried exactly by the API server; ${REMEDY}`;
const NOT_FINITE =
  "infinity and NaN have no place in a Kubernetes object; put the word in quotes if it is meant as text";

/**
 * Finds numbers that would be changed silently (integers beyond int64) or that JSON cannot represent (`.inf`, `.nan`, which
 * kubectl rejects as well).
 */
export function findUnsafeScalars(source: string, events: readonly Event[]): UnsafeScalar[] {
  const found: UnsafeScalar[] = [];
  for (const event of events) {
    if (event.type !== EVENT_ID.SCALAR || event.valueStart < 0) continue;
    const tag = event.tagStart < 0 ? "" : source.slice(event.tagStart, event.tagEnd);
    if (tag === "" ? event.style !== SCALAR_STYLE.PLAIN : !/^!!?<?(?:tag:yaml\.org,2002:)?(?:int|float)>?$/.test(tag)) {
      continue;
    }
    const message = judge(source, event.valueStart, event.valueEnd);
    if (message !== undefined) found.push({ offset: event.valueStart, message });
  }
  return found;
}

/** Shortest possible integer beyond 2^53: 16 decimal digits, or 14 characters in hexadecimal. Shorter scalars are skipped. */
const SHORTEST_LARGE = 14;

/** Longest possible int64: `-0b` and 64 digits, with room for underscores. Longer scalars are not parsed. */
const LONGEST_INT64 = 200;

function judge(source: string, start: number, end: number): string | undefined {
  const first = source.charCodeAt(start);
  const second = source.charCodeAt(start + 1);
  const signed = first === 43 || first === 45;
  if (first === 46 || (signed && second === 46)) {
    return end - start <= 5 && /^[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)$/.test(source.slice(start, end))
      ? NOT_FINITE
      : undefined;
  }
  const digit = signed ? second : first;
  if (digit < 48 || digit > 57 || end - start < SHORTEST_LARGE) return undefined;
  const text = source.slice(start, end);
  const number = resolveNumber(text);
  if (!number?.integer || Number.isSafeInteger(number.value)) return undefined;
  if (end - start <= LONGEST_INT64) {
    const exact = resolveBigInt(text);
    if (BigInt.asIntN(64, exact) === exact) return undefined;
  }
  return TOO_LARGE;
}
