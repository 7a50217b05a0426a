export type { GitFault } from "../../tools/git-faults.js";
export { GitRepo } from "../../tools/git-repository.js";
export type { FaultHook, GitRequest, GitServer, GitServerOptions } from "../../tools/git-server.js";
export { startGitServer } from "../../tools/git-server.js";

/** A gate for faults of kind `delay`: requests wait at `until` until `release` is called. */
export function holdRequests(): { readonly until: Promise<void>; release(): void } {
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { until, release };
}
