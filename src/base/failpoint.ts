/** The boundaries between phases at which a test may end the process, to prove that the next start mends everything. */
export const FAILPOINTS = [
  "app:before-finalizer",
  "app:after-finalizer",
  "app:after-plan",
  "app:after-change-created",
  "app:after-kinds-recorded",
  "app:after-dry-run",
  "app:after-first-write",
  "app:after-tier",
  "app:after-apply",
  "app:after-prune",
  "app:before-final-status",
  "app:before-finalizer-removal",
  "core:after-app-write",
  "core:after-deploy",
  "git:after-fetch",
  "git:after-verified",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

/** Called at each boundary. */
export type FailpointHook = (point: Failpoint) => void;

/** The hook of a normal run: nothing happens. */
export const noFailpoints: FailpointHook = () => {};

/** A hook that kills this process with SIGKILL when `wanted` is reached for the `occurrence`-th time. */
export function killAt(wanted: string, occurrence = 1): FailpointHook {
  let seen = 0;
  return (point) => {
    if (point === wanted && ++seen === occurrence) process.kill(process.pid, "SIGKILL");
  };
}
