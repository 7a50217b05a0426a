import { useState } from "preact/hooks";
import { ApiError } from "../api/problem.js";

/** An action of the user: whether it runs, and its error, which stays until the next try. */
export interface Action {
  readonly busy: boolean;
  readonly error: ApiError | undefined;
  readonly run: () => void;
}

/** Runs an action once at a time; `done` gets its result. */
export function useAction<T>(work: () => Promise<T>, done: (result: T) => void): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const run = async (): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      done(await work());
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause;
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, run: () => void run() };
}
