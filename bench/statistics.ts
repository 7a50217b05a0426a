/**
 * The value that `share` (0 to 1) of the values do not exceed, by the nearest rank: always one of the values, never
 * something between two of them. Throws a RangeError when there are no values.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  const value = sorted[Math.min(rank, sorted.length) - 1];
  if (value === undefined) throw new RangeError("there is no percentile of nothing");
  return value;
}

/** The middle value; of an even number the mean of the two middle ones. Throws a RangeError when there are no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const high = sorted[Math.floor(middle)];
  if (high === undefined) throw new RangeError("there is no median of nothing");
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? high) + high) / 2 : high;
}

/** Rounds to `digits` significant digits, so that figures do not show a precision that they have not. */
export function significant(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}
