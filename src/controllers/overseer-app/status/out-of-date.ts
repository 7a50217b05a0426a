import type { Condition } from "../../../api/conditions.js";
import type { AppRun } from "../run.js";

/** Apps that are out of date for longer are logged. */
const REPORT_AFTER_MS = 60_000;

/** Logs once when an app has been out of date for more than a minute, with the reason, and once when it is up to date again. */
export function logOutOfDate(run: AppRun, conditions: readonly Condition[]): void {
  const { memory, logger, services } = run;
  const synced = conditions.find(({ type }) => type === "Synced");
  const now = services.clock.monotonic();
  const since = memory.outOfDateSince;
  if (synced?.status === "True") {
    if (memory.outOfDateLogged) logger.info("app is up to date again", { app: run.key, seconds: seconds(since, now) });
    memory.outOfDateSince = undefined;
    memory.outOfDateLogged = false;
    return;
  }
  memory.outOfDateSince ??= now;
  if (memory.outOfDateLogged) return;
  const left = memory.outOfDateSince + REPORT_AFTER_MS - now;
  if (left > 0) {
    run.requeueAfter(left);
    return;
  }
  memory.outOfDateLogged = true;
  const { reason, message } = synced ?? {};
  logger.info("app is out of date", { app: run.key, seconds: seconds(since, now), reason, waitsFor: message });
}

function seconds(since: number | undefined, now: number): number {
  return Math.round((now - (since ?? now)) / 1000);
}
