/** A job as a Core tells of it; only what times are read from. */
export interface TimedJob {
  readonly status: string;
  readonly createdAt: string;
  /** Of a job that has ended, when that was. */
  readonly updatedAt: string;
}

/** When jobs were asked for and done, in seconds after a moment. */
export interface JobTimes {
  /** Until the last job was asked for: everything is written then. */
  readonly writtenSeconds: number;
  /** Until the last job was done: everything runs then. */
  readonly runningSeconds: number;
}

/**
 * Reads from what a Core keeps how long things took, so that nobody has to ask it while it works. `since`: milliseconds of the
 * wall clock, which Core and bench share. Throws a RangeError when a job has not ended well, or when there is none.
 */
export function jobTimes(jobs: readonly TimedJob[], since: number): JobTimes {
  const open = jobs.find(({ status }) => status !== "completed");
  if (open !== undefined) throw new RangeError(`a job is ${open.status}`);
  if (jobs.length === 0) throw new RangeError("there are no jobs");
  const last = (pick: (job: TimedJob) => string): number => Math.max(...jobs.map((job) => Date.parse(pick(job))));
  return {
    writtenSeconds: (last(({ createdAt }) => createdAt) - since) / 1000,
    runningSeconds: (last(({ updatedAt }) => updatedAt) - since) / 1000,
  };
}

/** How many of the resources are not the same as before, of those that nobody was to change. By id and revision. */
export function changedBesides(
  before: readonly { readonly id: string; readonly revision: number }[],
  after: readonly { readonly id: string; readonly revision: number }[],
  meant: ReadonlySet<string>,
): number {
  const known = new Map(before.map(({ id, revision }) => [id, revision]));
  const changed = after.filter(({ id, revision }) => !meant.has(id) && known.get(id) !== revision).length;
  const ids = new Set(after.map(({ id }) => id));
  return changed + before.filter(({ id }) => !ids.has(id)).length;
}
