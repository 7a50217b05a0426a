/** Prints one line of progress. */
export type Progress = (line: string) => void;

/** Prints progress to stderr; stdout is for results. */
export const stderrProgress: Progress = (line) => {
  process.stderr.write(`${line}\n`);
};

/** Discards progress, for tests. */
export const noProgress: Progress = () => {};

/**
 * Runs `work` and prints its `label`, then the elapsed seconds every `everyMs` milliseconds, so that a long step does not
 * look hung. Prints the total duration if it is longer than one interval.
 */
export async function withProgress<T>(
  progress: Progress,
  label: string,
  work: () => Promise<T>,
  everyMs = 20_000,
): Promise<T> {
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  progress(label);
  const timer = setInterval(() => progress(`${label} … ${seconds()} s`), everyMs);
  try {
    const result = await work();
    if (performance.now() - start > everyMs) progress(`${label}: done after ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
