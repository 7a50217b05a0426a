/** What `promise` gives, or the signal's reason as soon as it fires. What the promise stands for goes on by itself. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let forward = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    forward = () => reject(signal.reason);
    signal.addEventListener("abort", forward, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", forward);
  }
}
