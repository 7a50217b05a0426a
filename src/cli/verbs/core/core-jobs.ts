import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { formatDuration } from "../../../base/duration.js";
import { CORE_RECORDS, type JobRecord } from "../../../destinations/overseer/state/core-records.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { deadline } from "../wait/deadline.js";
import type { Core } from "./connect-core.js";

/** Pause between requests for the state of a job. */
const PAUSE_MS = 1000;

/** Sends a request that starts a job; returns the ID of the job. */
export async function startJob({ client }: Core, path: string, body: object): Promise<string> {
  const response = await client.request({ method: "POST", path, body });
  return z.object({ job: CORE_RECORDS.job }).parse(response.body).job.id;
}

/** Waits for the end of a job. `onChange`: called when it has new lines of its log, or another state. Throws CommandError if it failed, or did not end in time. */
export async function awaitJob(
  { client }: Core,
  id: string,
  {
    what,
    timeoutMs,
    onChange,
  }: { readonly what: string; readonly timeoutMs: number; readonly onChange?: () => Promise<void> },
): Promise<JobRecord> {
  const limit = deadline(timeoutMs);
  let etag: string | undefined;
  for (;;) {
    const response = await client.request({
      method: "GET",
      path: `/api/jobs/${encodeURIComponent(id)}`,
      ifNoneMatch: etag,
    });
    if (response.status !== 304) {
      const { job } = z.object({ job: CORE_RECORDS.job }).parse(response.body);
      await onChange?.();
      if (job.status === "completed") return job;
      if (job.status === "failed")
        throw new CommandError(`${what} failed: ${job.error ?? "no reason given"}`, EXIT.failed);
      etag = response.etag;
    }
    if (limit.left() <= 0)
      throw new CommandError(
        `${what} has not ended within ${formatDuration(timeoutMs)}: it goes on as job ${id}`,
        EXIT.timeout,
      );
    await sleep(PAUSE_MS);
  }
}
