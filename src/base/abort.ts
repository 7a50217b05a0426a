/** Returns the result of `promise`, or throws the signal's reason once it aborts. The work behind the promise is not stopped. */
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
