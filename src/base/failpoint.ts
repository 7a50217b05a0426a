/** Phase boundaries at which a test may kill the process, to verify that the next start recovers. */
export const FAILPOINTS = [
  "app:before-finalizer",
  "app:after-finalizer",
  "app:after-plan",
  "app:after-change-created",
  "app:after-request-taken",
  "app:after-kinds-recorded",
  "app:after-dry-run",
  "app:after-hook-created",
  "app:after-hooks",
  "app:after-first-write",
  "app:after-tier",
  "app:after-apply",
  "app:after-prune",
  "app:before-final-status",
  "app:before-finalizer-removal",
  "app-set:after-preview",
  "app-set:after-first-write",
  "app-set:after-writes",
  "app-set:before-status",
  "core:after-app-write",
  "core:after-deploy",
  "git:after-fetch",
  "git:after-verified",
] as const;
export type Failpoint = (typeof FAILPOINTS)[number];

/** Called at each boundary. */
export type FailpointHook = (point: Failpoint) => void;

/** Hook of a normal run. Does nothing. */
export const noFailpoints: FailpointHook = () => {};

/** Returns a hook that kills this process with SIGKILL when `failpoint` is reached for the `occurrence`-th time. */
export function killAt(failpoint: string, occurrence = 1): FailpointHook {
  let count = 0;
  return (point) => {
    if (point === failpoint && ++count === occurrence) process.kill(process.pid, "SIGKILL");
  };
}
