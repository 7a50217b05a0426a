/** Shown instead of a secret value. */
const SHOWN = "***";
/** Minimum length of a line of a multi-line value that is masked by itself. */
const MIN_LINE = 4;

/** Replaces secret values in a text. */
export type Mask = (text: string) => string;

/**
 * Returns a function that replaces secret values, also as Compose quotes or encodes them, and the lines of values with several
 * lines, since logs are read line by line.
 */
export function maskOf(values: Iterable<string>): Mask {
  const parts = new Set<string>();
  for (const value of values) {
    const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= MIN_LINE);
    for (const part of [value, ...lines, ...lines.map((line) => line.trim())]) {
      for (const form of [
        part,
        JSON.stringify(part).slice(1, -1),
        encodeURIComponent(part),
        part.replaceAll("$", "$$$$"),
      ]) {
        if (form.trim() !== "") parts.add(form);
      }
    }
  }
  const longestFirst = [...parts].sort((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((masked, part) => masked.replaceAll(part, SHOWN), text);
}
