import { randomBytes } from "node:crypto";
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock, Timer } from "../../base/clock.js";
import { messageOf, OverseerError } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { Database } from "../store/database.js";
import { nextBackup } from "./backup-schedule.js";

/** Options of the backups of a Core. */
export interface CoreBackupOptions {
  /** Directory of the copies; created if missing. */
  readonly directory: string;
  /** Cron line of five fields, in UTC. */
  readonly schedule: string;
  /** Number of copies that are kept. */
  readonly keep: number;
}

/** Longest time between two looks at the clock, so that a clock that is set takes effect. */
const MAX_WAIT_MS = 60 * 60_000;
const RETRY_MS = 10 * 60_000;
const NAME = /^core-[0-9]{8}T[0-9]{9}Z[.]db$/;

/** Copies the database of a running Core into files that can be started from. The key is not part of them. */
export class CoreBackup {
  readonly #database: Database;
  readonly #options: CoreBackupOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #timer: Timer | undefined;
  #running: Promise<string> | undefined;

  constructor(database: Database, options: CoreBackupOptions, clock: Clock, logger: Logger) {
    this.#database = database;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  }

  /** Starts the schedule. */
  start(): void {
    this.#waitUntil(this.#nextTime());
  }

  /** Stops the schedule, and waits for a copy in progress. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#running?.catch(() => {});
    this.#timer?.cancel();
  }

  /** Makes a copy now, verifies it and deletes the oldest ones. Returns its path. Throws CORE_BACKUP_FAILED. */
  run(): Promise<string> {
    this.#running ??= this.#copy().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  #nextTime(): number {
    return nextBackup({ schedule: this.#options.schedule, timeZone: null }, this.#clock.now()) ?? Infinity;
  }

  #waitUntil(time: number): void {
    this.#timer = this.#clock.after(Math.min(Math.max(time - this.#clock.now(), 0), MAX_WAIT_MS), () => {
      if (this.#clock.now() < time) return this.#waitUntil(time);
      this.run().then(
        () => this.#waitUntil(this.#nextTime()),
        (error: unknown) => {
          this.#logger.error("backup of the Core failed", { error: messageOf(error) });
          this.#waitUntil(this.#clock.now() + RETRY_MS);
        },
      );
    });
  }

  async #copy(): Promise<string> {
    const { directory, keep } = this.#options;
    const time = new Date(this.#clock.now()).toISOString().replaceAll(/[-:.]/g, "");
    const path = join(directory, `core-${time}.db`);
    const draft = `${path}.new`;
    try {
      for (const left of readdirSync(directory)) {
        if (left.startsWith("core-") && left.includes(".db.new")) rmSync(join(directory, left), { force: true });
      }
      await this.#database.copyTo(draft);
      chmodSync(draft, 0o600);
      makeStartable(draft);
      flush(draft);
      renameSync(draft, path);
      flush(directory);
      const copies = readdirSync(directory)
        .filter((name) => NAME.test(name))
        .sort();
      for (const old of copies.slice(0, -keep)) rmSync(join(directory, old), { force: true });
    } catch (error) {
      throw new OverseerError(`cannot back up the Core to ${directory}: ${messageOf(error)}`, {
        code: "CORE_BACKUP_FAILED",
        reason: "CopyFailed",
        class: "retryable",
        cause: error,
      });
    }
    this.#logger.info("backed up the Core", { file: path });
    return path;
  }
}

/**
 * Verifies a copy, and prepares it to be started from: a new ID makes followers read everything again, and a restore of the data of an app
 * that had not ended is not repeated, since it would overwrite what was written since.
 */
function makeStartable(path: string): void {
  const copy = Database.open(path);
  try {
    const result = copy.query<{ integrity_check: string }>("PRAGMA integrity_check").get()?.integrity_check;
    if (result !== "ok") throw new Error(`the copy is damaged: ${result}`);
    copy.transaction(() => {
      copy.query("UPDATE state SET database_id = ?").run(randomBytes(6).toString("hex"));
      copy
        .query(
          `UPDATE jobs SET status = 'failed', error = 'the Core was restored from a backup: start it again'
           WHERE lane = 'data' AND status IN ('pending', 'running')`,
        )
        .run();
    });
    copy.execute("PRAGMA journal_mode = DELETE");
  } finally {
    copy.close();
  }
}

function flush(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
