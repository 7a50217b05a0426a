/** Estimated bytes of a value besides its content. */
const VALUE_BYTES = 24;
/** Strings up to this length are taken for Latin text, with one byte a character. */
const SHORT = 256;

/**
 * Estimates the memory of a value of strings, numbers, arrays, sets and plain objects, in bytes. Stops counting above `max`. What is
 * referred to twice is counted twice.
 */
export function estimatedBytes(value: unknown, max = Number.POSITIVE_INFINITY): number {
  if (typeof value === "string") return VALUE_BYTES + value.length * (value.length > SHORT ? 2 : 1);
  if (typeof value !== "object" || value === null) return 0;
  let bytes = VALUE_BYTES;
  if (Array.isArray(value) || value instanceof Set) {
    for (const item of value) {
      bytes += 8 + estimatedBytes(item, max - bytes);
      if (bytes > max) return bytes;
    }
    return bytes;
  }
  for (const name in value) {
    bytes += 8 + name.length + estimatedBytes((value as Record<string, unknown>)[name], max - bytes);
    if (bytes > max) return bytes;
  }
  return bytes;
}
