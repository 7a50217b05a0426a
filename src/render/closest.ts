import { editDistance } from "../base/edit-distance.js";

/** Letters that are compared for one hint, some 5 ms: enough for thousands of ordinary words. */
const MAX_COMPARED = 1_000_000;
/** Longer words are never compared: the time grows with the product of their lengths. */
const MAX_LENGTH = 128;

/**
 * The candidate most like `wanted`; undefined when none is like it at all. Two words are alike when fewer than half of
 * their letters would have to change, case aside.
 */
export function closest(wanted: string, candidates: Iterable<string>): string | undefined {
  if (wanted.length > MAX_LENGTH) return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  let compared = 0;
  for (const candidate of candidates) {
    if (candidate.length > MAX_LENGTH || Math.abs(candidate.length - wanted.length) > wanted.length) continue;
    compared += wanted.length * candidate.length;
    if (compared > MAX_COMPARED) break;
    const distance = editDistance(wanted.toLowerCase(), candidate.toLowerCase());
    const alike = distance < Math.max(2, Math.max(wanted.length, candidate.length) / 2);
    if (alike && distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}
