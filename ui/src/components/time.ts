const STEPS: readonly (readonly [number, string])[] = [
  [60, "s"],
  [60, "min"],
  [24, "h"],
  [365, "d"],
];

/** Returns a span of time in its largest unit: `12 s`, `3 min`, `5 h`, `12 d`, `2 y`. */
export function span(milliseconds: number): string {
  let value = Math.max(0, milliseconds / 1000);
  for (const [size, unit] of STEPS) {
    if (value < size) return `${Math.floor(value)} ${unit}`;
    value /= size;
  }
  return `${Math.floor(value)} y`;
}

/** Returns how long ago something happened: `just now`, `3 min ago`; or `in 5 h`. */
export function relative(time: number, now: number): string {
  const age = now - time;
  if (age < -1_000) return `in ${span(-age)}`;
  return age < 10_000 ? "just now" : `${span(age)} ago`;
}
