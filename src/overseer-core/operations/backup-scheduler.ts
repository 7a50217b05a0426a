import type { CoreApp } from "../../api/core/app.js";
import type { CoreJob } from "../../api/core/job.js";
import type { Clock, Timer } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { existing } from "../existing.js";
import type { Store } from "../store/store.js";
import { nextBackup } from "./backup-schedule.js";
import { createBackup, failStranded, NO_BACKUP, policyOf } from "./data-jobs.js";

/** Interval of checks, in milliseconds. Schedules have a resolution of one minute. */
const CHECK_MS = 15_000;
/** A failed backup is repeated after this time, if none is due before. */
const RETRY_MS = 60 * 60_000;
/** A backup that has not started after this time is a problem: its node is offline or busy. */
const LATE_MS = 60 * 60_000;

/**
 * Starts backups when they are due. A backup that was due while the Core was stopped starts at once, and several of them are one. Nothing
 * but the database is read, and it is written only when something changes.
 */
export class BackupScheduler {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #timer: Timer | undefined;

  constructor(store: Store, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = this.#clock.after(CHECK_MS, () => {
      try {
        this.check();
      } catch (error) {
        this.#logger.error("backups cannot be scheduled", { error: messageOf(error) });
      }
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Starts the backups that are due now. */
  check(): void {
    for (const app of this.#store.apps.list()) {
      try {
        this.#store.database.transaction(() => this.#checkApp(app));
      } catch (error) {
        this.#logger.error("backup cannot be scheduled", { app: app.name, error: messageOf(error) });
      }
    }
  }

  #checkApp(found: CoreApp): void {
    const store = this.#store;
    const app = failStranded(store, found) ? existing(store.apps.find(found.id), "app", found.id) : found;
    const policy = policyOf(store, app.id);
    if (policy === undefined) {
      if (app.backup !== null) store.apps.setBackup(app.id, { ...app.backup, next: null, problem: null });
      return;
    }
    const backup = app.backup ?? NO_BACKUP;
    const now = this.#clock.now();
    // A policy that changes counts from then on: what was due before its change is not made up for.
    // A time in the future is of a clock that was ahead, and would put off all backups until then.
    const times = [Date.parse(backup.lastAttempt ?? policy.updatedAt), Date.parse(policy.updatedAt)];
    const since = Math.max(...times.filter((time) => time <= now));
    const due = Number.isFinite(since) ? nextBackup(policy, since) : now;
    const retry = backup.problem === null || backup.lastAttempt === null ? Infinity : since + RETRY_MS;
    const next = Math.min(due ?? Infinity, retry);
    const open = store.jobs.openOf(app.id, "data");
    const unfinished = open.find(({ type }) => type === "backup");
    const state = {
      ...backup,
      next: Number.isFinite(next) ? new Date(next).toISOString() : null,
      problem: (unfinished && this.#lateProblem(unfinished, now)) ?? backup.problem,
    };
    const node = store.apps.nodeOf(app.id);
    const lost = node !== undefined && store.nodes.find(node) === undefined;
    if (next > now || open.length > 0 || node === undefined || lost) {
      const problem =
        lost && next <= now
          ? `the node that ${app.name} ran on was deleted: deploy the app to another node`
          : state.problem;
      store.apps.setBackup(app.id, { ...state, problem });
      return;
    }
    const job = createBackup(store, { ...app, backup: state });
    this.#logger.info("backup is due", { app: app.name, job: job.id });
  }

  /** Returns why an unfinished backup is late; undefined if it is not, or runs on a node that is online. */
  #lateProblem({ createdAt, status, nodeId }: CoreJob, now: number): string | undefined {
    if (now - Date.parse(createdAt) <= LATE_MS) return undefined;
    if (status === "pending") return `the backup of ${createdAt} has not started: ${this.#whyLate(nodeId)}`;
    const node = this.#store.nodes.find(nodeId ?? "");
    if (node?.status === "online") return undefined;
    return `the backup of ${createdAt} has not ended: ${this.#whyLate(nodeId)}`;
  }

  #whyLate(nodeId: string | null): string {
    const node = this.#store.nodes.find(nodeId ?? "");
    if (node === undefined) return "its node no longer exists";
    if (node.status === "offline") return `the node ${node.name} is offline`;
    return `the agent of ${node.name} (${node.version}) has not taken it: it is busy, or too old for backups`;
  }
}
