import { type CoreJob, type CoreJobEnd, JOB_TAIL_LINES, type JobLane } from "../../api/core/job.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";
import { JobLogs } from "./job-logs.js";

/** Maximum number of stored ended jobs of one app; older ones are deleted. */
export const MAX_ENDED_JOBS = 20;
/** The same for all deleted apps together. */
export const MAX_JOBS_OF_DELETED = 200;
/** Maximum number of jobs in a list; the newest ones are returned. */
export const MAX_LISTED_JOBS = 1000;

interface JobRow extends BaseRow {
  readonly seq: number;
  readonly type: CoreJob["type"];
  readonly status: CoreJob["status"];
  readonly node_id: string | null;
  readonly app_id: string | null;
  readonly placed: string;
  readonly payload: string;
  readonly result: string | null;
  readonly error: string | null;
  readonly worker: number;
}

/** Fields of a job to create. */
export interface NewJob {
  readonly type: CoreJob["type"];
  readonly nodeId: string;
  /** App shown in the job; null if this job only removes the app from a previous node. */
  readonly appId: string | null;
  /** App whose placement on the node the job changes. */
  readonly placed: string;
  /** Name of the app, kept after the app is deleted. */
  readonly app: string;
  /** Version to deploy; null removes the app, or for a job with its data. */
  readonly version: number | null;
  /** Whether the job reverts drift. */
  readonly revert?: boolean;
  /** Name of the node that the app is moved from. It runs there until the job has succeeded. */
  readonly movedFrom?: string;
  /** Snapshot to restore. */
  readonly snapshot?: string;
}

/** Returns the lane of a type of jobs. */
export function laneOf(type: CoreJob["type"]): JobLane {
  return type === "backup" || type === "restore" ? "data" : "deploy";
}

/**
 * Table of jobs. Agents get the jobs of a lane of their node in the order of creation. Only jobs of the lane `deploy` are published as
 * changes, since they make the state of an app.
 */
export class Jobs {
  readonly logs: JobLogs;
  readonly #context: StoreContext;
  readonly #list;
  readonly #changed;
  readonly #newest;
  readonly #byId;
  readonly #insert;
  readonly #setStatus;
  readonly #setWorker;
  readonly #open;
  readonly #running;
  readonly #pending;
  readonly #newerOnNode;
  readonly #newerDeployment;
  readonly #laterStatuses;
  readonly #ended;
  readonly #ofDeleted;
  readonly #delete;

  constructor(context: StoreContext) {
    const { database } = context;
    this.#context = context;
    this.logs = new JobLogs(database);
    this.#list = database.query<JobRow>(
      `SELECT * FROM jobs WHERE (?1 IS NULL OR app_id = ?1) AND (?2 IS NULL OR status = ?2) ORDER BY seq DESC
       LIMIT ${MAX_LISTED_JOBS}`,
    );
    const newest = `NOT EXISTS (SELECT 1 FROM jobs later WHERE later.app_id = jobs.app_id AND later.seq > jobs.seq
       AND later.lane = 'deploy')`;
    this.#changed = database.query<JobRow>(
      `SELECT * FROM jobs WHERE lane = 'deploy' AND revision > ? AND (status IN ('completed', 'failed') OR ${newest}) ORDER BY seq`,
    );
    this.#newest = database.query<JobRow>(
      `SELECT * FROM jobs WHERE lane = 'deploy' AND ${newest} AND (status <> 'completed' OR EXISTS (SELECT 1 FROM apps WHERE apps.id = app_id))
       ORDER BY seq`,
    );
    this.#byId = database.query<JobRow>("SELECT * FROM jobs WHERE id = ?");
    this.#insert = database.query(
      `INSERT INTO jobs (id, type, status, node_id, app_id, placed, app, payload, created_at, updated_at, revision, lane)
       VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#setStatus = database.query(
      "UPDATE jobs SET status = ?, result = ?, error = ?, updated_at = ?, revision = ? WHERE id = ?",
    );
    this.#setWorker = database.query("UPDATE jobs SET worker = ? WHERE id = ?");
    const isLater = `later.placed = jobs.placed AND later.seq > jobs.seq AND later.type IN ('deploy', 'rollback')`;
    this.#open = database.query<JobRow>(
      `SELECT * FROM jobs WHERE placed = ? AND lane = ? AND status IN ('pending', 'running')
       AND NOT (type IN ('deploy', 'rollback') AND EXISTS
       (SELECT 1 FROM jobs later WHERE ${isLater} AND later.status = 'completed')) ORDER BY seq DESC`,
    );
    this.#laterStatuses = database.query<Pick<JobRow, "status">>(
      `SELECT later.status FROM jobs, jobs later WHERE jobs.id = ? AND ${isLater}`,
    );
    this.#running = database.query<JobRow>("SELECT * FROM jobs WHERE node_id = ? AND status = 'running' ORDER BY seq");
    // A restore must not overtake a deployment, whose old version would start on the restored data.
    const isInTheWay = `other.status = 'running'
       OR jobs.type = 'restore' AND other.lane = 'deploy' AND other.status = 'pending' AND other.seq < jobs.seq`;
    this.#pending = database.query<JobRow>(
      `SELECT * FROM jobs WHERE node_id = ? AND lane = ? AND status = 'pending'
       AND (? = 0 OR json_extract(payload, '$.revert')) AND NOT EXISTS (SELECT 1 FROM jobs other
       WHERE other.app = jobs.app AND other.node_id = jobs.node_id AND (${isInTheWay})) ORDER BY seq LIMIT 1`,
    );
    this.#newerOnNode = database.query<JobRow>(
      `SELECT later.* FROM jobs, jobs later
       WHERE jobs.id = ? AND later.app = jobs.app AND later.seq > jobs.seq AND later.node_id = jobs.node_id
       AND later.lane = 'deploy' LIMIT 1`,
    );
    this.#newerDeployment = database.query<JobRow>(
      `SELECT later.* FROM jobs, jobs later
       WHERE jobs.id = ? AND later.app = jobs.app AND later.seq > jobs.seq AND later.type <> 'remove'
       AND later.lane = 'deploy' LIMIT 1`,
    );
    this.#ended = database.query<{ id: string }>(
      `SELECT id FROM jobs WHERE placed = ? AND lane = ? AND status IN ('completed', 'failed') ORDER BY seq DESC LIMIT -1 OFFSET ?`,
    );
    this.#ofDeleted = database.query<{ id: string }>(
      `SELECT id FROM jobs WHERE status IN ('completed', 'failed') AND NOT EXISTS (SELECT 1 FROM apps WHERE apps.id = placed)
       ORDER BY seq DESC LIMIT -1 OFFSET ?`,
    );
    this.#delete = database.query("DELETE FROM jobs WHERE id = ?");
  }

  /** Returns the newest jobs, newest first. */
  list(appId?: string, status?: CoreJob["status"]): CoreJob[] {
    return this.#list.all(appId ?? null, status ?? null).map((row) => this.#view(row));
  }

  /** Returns the newest job of each app, and unfinished removals of deleted apps. With `since`, returns those that changed, and all jobs that ended. */
  changes(since?: number): CoreJob[] {
    return (since === undefined ? this.#newest.all() : this.#changed.all(since)).map((row) => this.#view(row));
  }

  find(id: string): CoreJob | undefined {
    const row = this.#byId.get(id);
    return row && this.#view(row);
  }

  create(job: NewJob): CoreJob {
    const [id, now] = [newId(), timestamp(this.#context.clock)];
    const { type, nodeId, appId, placed, app, version, snapshot, movedFrom, revert = false } = job;
    const lane = laneOf(type);
    const rest = {
      ...(snapshot === undefined ? {} : { snapshot }),
      ...(movedFrom === undefined ? {} : { movedFrom }),
      ...(revert ? { revert } : {}),
    };
    const payload = JSON.stringify({ app, version, ...rest });
    const revision = this.#context.revisions.next("job");
    this.#insert.run(id, type, nodeId, appId, placed, app, payload, now, now, revision, lane);
    this.#forget(this.#ended.all(placed, lane, MAX_ENDED_JOBS));
    return this.#mustFind(id);
  }

  /** Deletes the oldest ended jobs of apps that were deleted. */
  forgetDeleted(): void {
    this.#forget(this.#ofDeleted.all(MAX_JOBS_OF_DELETED));
  }

  /** Marks a job as running or pending. `worker`: number of the worker of the agent that runs it. */
  open(id: string, status: "pending" | "running", worker = 0): CoreJob {
    this.#setWorker.run(worker, id);
    return this.#set(id, status, null, null);
  }

  /** Returns the id of the app whose placement on the node the job changes. */
  placed(id: string): string {
    return this.#byId.get(id)?.placed ?? "";
  }

  end(id: string, { status, result = null, error = null }: CoreJobEnd): CoreJob {
    return this.#set(id, status, result, error);
  }

  /** Returns the unfinished jobs of an app, newest first, without deployments that are overtaken. */
  openOf(appId: string, lane: JobLane = "deploy"): CoreJob[] {
    return this.#open.all(appId, lane).map((row) => this.#view(row));
  }

  /**
   * Returns the running job of a node, otherwise its first pending job of an app that has no running one. With `worker`, the running job
   * of that worker of its agent, and only jobs that revert drift for any but worker 0.
   */
  nextOf(nodeId: string, lane: JobLane, worker?: number): CoreJob | undefined {
    const isOwn = (row: JobRow): boolean => worker === undefined || row.worker === worker;
    const running = this.#running.all(nodeId).find((row) => laneOf(row.type) === lane && isOwn(row));
    const row = running ?? this.#pending.get(nodeId, lane, worker ?? 0);
    return row && this.#view(row);
  }

  /** Returns the statuses of the later deployments of the same app, on any node. */
  laterStatuses(job: CoreJob): CoreJob["status"][] {
    return this.#laterStatuses.all(job.id).map(({ status }) => status);
  }

  /** Whether a later deployment of the same app has succeeded, so that the result of this one does not count any more. */
  isOvertaken(job: CoreJob): boolean {
    const isDeployment = job.type === "deploy" || job.type === "rollback";
    return isDeployment && this.laterStatuses(job).includes("completed");
  }

  /** Returns the running jobs of a node. */
  runningOn(nodeId: string): CoreJob[] {
    return this.#running.all(nodeId).map((row) => this.#view(row));
  }

  /** Returns a later job that this one would undo if it ran now. */
  supersededBy(job: CoreJob): CoreJob | undefined {
    const row =
      this.#newerOnNode.get(job.id) ?? (job.type === "remove" ? undefined : this.#newerDeployment.get(job.id));
    return row && this.#view(row);
  }

  #forget(jobs: readonly { readonly id: string }[]): void {
    for (const { id } of jobs) {
      this.#delete.run(id);
      this.#context.revisions.recordDeletion("job", id);
    }
  }

  #set(id: string, status: CoreJob["status"], result: CoreJob["result"], error: string | null): CoreJob {
    const revision = this.#context.revisions.next("job");
    const now = timestamp(this.#context.clock);
    this.#setStatus.run(status, result === null ? null : JSON.stringify(result), error, now, revision, id);
    return this.#mustFind(id);
  }

  #mustFind(id: string): CoreJob {
    const job = this.find(id);
    if (job === undefined) throw new Error(`the job ${id} is missing within its own transaction`);
    return job;
  }

  #view(row: JobRow): CoreJob {
    const { type, status, node_id: nodeId, app_id: appId, error } = row;
    const result = row.result === null ? null : JSON.parse(row.result);
    const logs = this.logs.tail(row.id, JOB_TAIL_LINES);
    return { ...base(row), type, status, nodeId, appId, payload: JSON.parse(row.payload), result, error, logs };
  }
}
