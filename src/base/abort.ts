/** A signal that aborts with another one, or earlier by `abort`. `release` ends the connection. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  readonly abort: (reason: Error) => void;
  readonly release: () => void;
}

/** Links a new signal to `signal`. */
export function linkedAbort(signal: AbortSignal): LinkedAbort {
  const own = new AbortController();
  const forward = (): void => own.abort(signal.reason);
  signal.addEventListener("abort", forward);
  if (signal.aborted) forward();
  return {
    signal: own.signal,
    abort: (reason) => own.abort(reason),
    release: () => signal.removeEventListener("abort", forward),
  };
}

/** Returns the result of `promise`, or throws the signal's reason once it aborts. The work behind the promise is not stopped. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let forward = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    forward = () => reject(signal.reason);
    if (signal.aborted) forward();
    signal.addEventListener("abort", forward, { once: true });
  });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener("abort", forward);
  }
}
