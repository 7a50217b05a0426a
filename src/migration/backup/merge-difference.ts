import { isDeepStrictEqual } from "node:util";
import { isRecord } from "../../manifest/shape.js";

/** Returns the JSON merge patch (RFC 7386) that turns one object into another. Fields without a value in the second one are removed. */
export function mergeDifference(
  from: Readonly<Record<string, unknown>>,
  to: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const before = from[key];
    const after = to[key];
    if (after === undefined) patch[key] = null;
    else if (isRecord(before) && isRecord(after)) {
      const inner = mergeDifference(before, after);
      if (Object.keys(inner).length > 0) patch[key] = inner;
    } else if (!isDeepStrictEqual(before, after)) patch[key] = after;
  }
  return patch;
}
