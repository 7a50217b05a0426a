/**
 * Returns how many times as long `work` takes for eight times the size: about 8 if it is linear, 64 if it is quadratic. Of several runs
 * the shortest counts, which other work on the machine disturbed least.
 */
export function growth(size: number, work: (size: number) => void): number {
  work(size);
  const times = [size, 8 * size].map((each) =>
    Math.min(
      ...[1, 2, 3].map(() => {
        const begin = performance.now();
        work(each);
        return performance.now() - begin;
      }),
    ),
  );
  return (times[1] as number) / (times[0] as number);
}

/** Between linear and quadratic growth, with room for a slow machine. */
export const LINEAR = 20;
