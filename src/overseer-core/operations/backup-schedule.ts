import { Cron } from "croner";
import { messageOf } from "../../base/errors.js";

/** When backups are due. */
export interface BackupSchedule {
  /** Cron line of five fields. */
  readonly schedule: string;
  /** IANA time zone; null for UTC. */
  readonly timeZone: string | null;
}

/** Returns why a schedule cannot be used, with the name of the field; undefined if it can. */
export function scheduleProblem({
  schedule,
  timeZone,
}: BackupSchedule): { field: string; message: string } | undefined {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timeZone ?? "UTC" });
  } catch {
    return {
      field: "timeZone",
      message: `timeZone ${JSON.stringify(timeZone)} is not a time zone: use an IANA name such as Europe/Berlin`,
    };
  }
  try {
    const next = new Cron(schedule, { mode: "5-part", paused: true, timezone: "UTC" }).nextRun();
    if (next !== null) return undefined;
    return { field: "schedule", message: `schedule ${JSON.stringify(schedule)} has no time in the future` };
  } catch (error) {
    const cause = messageOf(error).replace(/^CronPattern: /, "");
    const message = `schedule ${JSON.stringify(schedule)} is not a cron line of five fields: ${cause}`;
    return { field: "schedule", message };
  }
}

/**
 * Returns the first time (epoch ms) after `after` at which a backup is due; undefined if there is none. A time that daylight saving
 * skips is due right after the gap, and one that it repeats is due once.
 */
export function nextBackup({ schedule, timeZone }: BackupSchedule, after: number): number | undefined {
  try {
    const cron = new Cron(schedule, { mode: "5-part", paused: true, timezone: timeZone ?? "UTC" });
    return cron.nextRun(new Date(after))?.getTime();
  } catch {
    return undefined;
  }
}
