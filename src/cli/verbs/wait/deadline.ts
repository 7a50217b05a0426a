/** A time limit that several steps share. A limit of 0 is none. */
export function deadline(ms: number): { readonly signal: AbortSignal; readonly left: () => number } {
  const started = performance.now();
  return {
    signal: ms > 0 ? AbortSignal.timeout(ms) : new AbortController().signal,
    left: () => (ms > 0 ? Math.max(0, ms - (performance.now() - started)) : Number.POSITIVE_INFINITY),
  };
}
