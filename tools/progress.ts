/** Receives one line of progress, without a line break. */
export type Progress = (line: string) => void;

/** Progress on stderr, so that stdout stays free for what a command answers. */
export const stderrProgress: Progress = (line) => {
  process.stderr.write(`${line}\n`);
};

/** Progress for callers that want none, such as tests. */
export const noProgress: Progress = () => {};

/**
 * Runs `work` and says its `label` at once, then again with the seconds gone by every `everyMs` milliseconds, so that
 * nobody takes a long step for a hang. Says how long it took when that was longer than one such interval.
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
