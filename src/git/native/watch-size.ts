import type { Clock, Timer } from "../../base/clock.js";
import { GitError } from "../errors.js";

/** Between two looks at the disk. */
const REFRESH_MS = 200;

/** What to look at while a child works. */
export interface SizeWatch {
  readonly clock: Clock;
  /** The caller's wish to end. */
  readonly signal: AbortSignal;
  /** Bytes. */
  readonly limit: number;
  readonly size: () => Promise<number>;
}

/** A signal for the child, and what ends the watching. */
export interface WatchedSize {
  /** Fires when the caller's signal does, or with `GIT_TOO_LARGE`. */
  readonly signal: AbortSignal;
  /** A last look, for what came between two. Throws `GIT_TOO_LARGE`. */
  check(): Promise<void>;
  stop(): void;
}

/** Git has no limit on what it receives, so the disk is looked at while it works. */
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
  const look = (): void => {
    timer = clock.after(REFRESH_MS, () => {
      check().then(
        () => {
          if (timer !== undefined) look();
        },
        (error: unknown) => controller.abort(error),
      );
    });
  };
  look();
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
