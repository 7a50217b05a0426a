import type { Clock, Timer } from "../../base/clock.js";
import { GitError } from "../errors.js";

/** Interval between two checks of the disk. */
const REFRESH_MS = 200;

/** Options for watching the size of received files. */
export interface SizeWatch {
  readonly clock: Clock;
  /** The caller's signal. */
  readonly signal: AbortSignal;
  /** Bytes. */
  readonly limit: number;
  readonly size: () => Promise<number>;
}

/** A running size watch. */
export interface WatchedSize {
  /** Signal for the child: aborts with the caller's signal, or with `GIT_TOO_LARGE`. */
  readonly signal: AbortSignal;
  /** Final check, for data received since the last one. Throws `GIT_TOO_LARGE`. */
  check(): Promise<void>;
  stop(): void;
}

/** Checks the disk while a child works, because Git does not limit what it receives. */
export function watchSize({ clock, signal, limit, size }: SizeWatch): WatchedSize {
  const controller = new AbortController();
  const forward = (): void => controller.abort(signal.reason);
  if (signal.aborted) forward();
  signal.addEventListener("abort", forward, { once: true });
  const check = async (): Promise<void> => {
    if ((await size()) <= limit) return;
    const mib = Math.round(limit / 2 ** 20);
    throw new GitError(
      "GIT_TOO_LARGE",
      `the fetch exceeds the limit of ${mib} MiB: remove large files from the repository, or raise the operator flag --git-max-fetch-bytes`,
    );
  };
  let timer: Timer | undefined;
  const schedule = (): void => {
    timer = clock.after(REFRESH_MS, () => {
      check().then(
        () => {
          if (timer !== undefined) schedule();
        },
        (error: unknown) => controller.abort(error),
      );
    });
  };
  schedule();
  return {
    signal: controller.signal,
    check,
    stop: () => {
      timer?.cancel();
      timer = undefined;
      signal.removeEventListener("abort", forward);
    },
  };
}
