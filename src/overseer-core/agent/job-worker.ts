import { type CoreDataWork, isSystemSecret, PULL_SECRET_PREFIX } from "../../api/core/app-backup.js";
import type { CoreJobEnd, CoreJobWork, JobLane } from "../../api/core/job.js";
import type { Clock } from "../../base/clock.js";
import { cutText } from "../../base/cut-text.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { secretNames } from "../operations/compose.js";
import { type AgentCoreClient, CoreCallError } from "./core-client.js";
import { firstBatch, JobLog } from "./job-log.js";
import type { Journal, UnreportedEnd } from "./journal.js";
import { diskFullText, isDiskFull, RecurringError, RunError, type Runner, type RunResult } from "./runner.js";

/** What a worker runs jobs with. */
export interface JobWorkerOptions {
  readonly core: AgentCoreClient;
  readonly runner: Runner;
  readonly journal: Journal;
  readonly lane: JobLane;
  /** Number of the worker. Workers other than 0 get only jobs that revert drift. */
  readonly worker: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called after the Core received a result late: until then, it ignored reports about an app that is new on the node. */
  readonly onLateEnd: () => void;
  /** Aborted when the agent stops. */
  readonly signal: AbortSignal;
}

/** Time in milliseconds after a job in which nothing is reported about its app. */
const SOON_MS = 250;

/** Attempts after which a job has failed whose failure is always the same. */
const MAX_ATTEMPTS = 5;

/** Runs jobs of one lane, one after the other. */
export class JobWorker {
  readonly #options: JobWorkerOptions;
  /** Result of the last job, if it could not be stored in the journal. */
  #unsaved: UnreportedEnd | undefined;
  /** The last failure that may be temporary, and how often it came in a row. */
  #failure = { job: "", message: "", count: 0 };
  /** When the last job ended, by the monotonic clock; undefined for one before a restart. */
  #endedAt: number | undefined;

  constructor(options: JobWorkerOptions) {
    this.#options = options;
  }

  /** Runs the next job of a node, after waiting for it for at most `waitSeconds`. Returns whether there was one. */
  async step(nodeId: string, waitSeconds: number): Promise<boolean> {
    const { core, lane, worker, signal } = this.#options;
    await this.#reportLast();
    const work = await core.claim(nodeId, { lane, worker }, waitSeconds, signal);
    if (work !== undefined) await this.#runJob(work);
    return work !== undefined;
  }

  /** Reports the result of the last job, if the Core may not have received it. */
  async #reportLast(): Promise<void> {
    const { core, journal, clock, logger, signal, onLateEnd } = this.#options;
    const onDamage = (file: string): void => {
      logger.error("the stored result of a job was damaged; the job runs again", { file });
    };
    const last = this.#unsaved ?? journal.unreported(onDamage);
    if (last === undefined) return;
    try {
      for (let sent = 0; sent < last.lines.length; ) {
        const lines = firstBatch(last.lines.slice(sent));
        await core.addLogs(last.jobId, last.from + sent, lines, signal);
        sent += lines.length;
      }
      await core.end(last.jobId, last.end, signal);
      logger.info("reported job result", { job: last.jobId, status: last.end.status });
    } catch (error) {
      const { status } = error instanceof CoreCallError ? error : { status: undefined };
      if (status !== 404 && status !== 409 && status !== 400) throw error;
      logger.warn("the Core rejected the job result", { job: last.jobId, error: messageOf(error) });
      // The Core would reject the same result again, and hand out the job indefinitely.
      const end = { status: "failed", error: "the Core rejected the result that the agent reported" } as const;
      if (status === 400) await core.end(last.jobId, end, signal);
    }
    if (this.#unsaved === undefined) journal.reported();
    this.#unsaved = undefined;
    if (this.#endedAt === undefined || clock.monotonic() - this.#endedAt > SOON_MS) onLateEnd();
    this.#endedAt = undefined;
  }

  async #runJob(work: CoreJobWork): Promise<void> {
    const { core, clock, logger, signal } = this.#options;
    const { id, payload } = work.job;
    logger.info("running job", { job: id, type: work.job.type, app: payload.app, version: payload.version });
    const log = new JobLog(work.nextLine, (from, lines) => core.addLogs(id, from, lines, signal), clock);
    try {
      const end = await this.#execute(work, log);
      this.#endedAt = clock.monotonic();
      this.#keep({ jobId: id, end, ...log.close() });
      logger.info("job ended", { job: id, status: end.status });
    } finally {
      log.close();
    }
    await this.#reportLast();
  }

  /** Keeps the result of a job until the Core has it: on disk, so that it outlives the agent, or in memory if the disk is full. */
  #keep(ended: UnreportedEnd): void {
    const { journal, logger } = this.#options;
    try {
      journal.done(ended);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      logger.error("the result of a job cannot be stored, and is kept in memory", { error: messageOf(error) });
      this.#unsaved = ended;
    }
  }

  /** Executes a job. Throws only for temporary failures, after which the job is claimed again. */
  async #execute(work: CoreJobWork, log: JobLog): Promise<CoreJobEnd> {
    const { runner, signal } = this.#options;
    const { app: project, version } = work.job.payload;
    const line = (text: string): void => log.add(text);
    try {
      if (work.data !== null) return { status: "completed", result: await this.#runDataJob(work, work.data, line) };
      if (work.compose === null || version === null) {
        return { status: "completed", result: plain(await runner.remove(project, line, signal)) };
      }
      const secrets = await this.#secrets(work);
      const { compose } = work;
      const again = work.job.payload.revert === true ? ({ again: "drift" } as const) : {};
      const deployment = { project, version, compose, ...splitSecrets(secrets, compose), ...again };
      const result = await runner.deploy(deployment, line, signal);
      return { status: "completed", result: plain(result) };
    } catch (error) {
      const full = isDiskFull(error);
      // A removal has nothing to try again with: it waits for space.
      if (full && work.data === null && work.compose === null) throw error;
      const failure = full ? new RunError(diskFullText(error, nextAfter(work))) : this.#finalOr(work.job.id, error);
      if (!(failure instanceof RunError)) throw error;
      line(`[${runner.name}] failed: ${failure.message}`);
      const rest = await this.#fallBack(work, failure, line);
      return {
        status: "failed",
        result: { runner: runner.name },
        error: `${cutText(failure.message, 3500)}${cutText(rest, 500)}`,
      };
    }
  }

  /** Returns an error that ends the job if it has failed in the same way too often; otherwise the error. */
  #finalOr(job: string, error: unknown): unknown {
    if (!(error instanceof RecurringError)) return error;
    const { message } = error;
    const same = this.#failure.job === job && this.#failure.message === message;
    this.#failure = { job, message, count: same ? this.#failure.count + 1 : 1 };
    if (this.#failure.count < MAX_ATTEMPTS) return error;
    return new RunError(`failed ${MAX_ATTEMPTS} times in the same way: ${message}`, { changed: true });
  }

  async #runDataJob(work: CoreJobWork, settings: CoreDataWork, line: (text: string) => void) {
    const { runner, signal } = this.#options;
    const { id, payload } = work.job;
    const job = { id, app: payload.app, work: settings, secrets: await this.#secrets(work) };
    if (settings.snapshot === null) return { runner: runner.name, ...(await runner.data.backup(job, line, signal)) };
    const { restored } = await runner.data.restore(job, line, signal);
    return { runner: runner.name, restored: [...restored] };
  }

  /** Deploys the previous version again if a failed deployment changed services. Returns what happened, for the error of the job. */
  async #fallBack({ fallback, ...work }: CoreJobWork, first: RunError, line: (text: string) => void): Promise<string> {
    const { runner } = this.#options;
    if (!first.changed || fallback === null) return "";
    const { version, compose } = fallback;
    line(`[${runner.name}] deploying version ${version} again, the last one that was deployed with success`);
    try {
      const secrets = splitSecrets(await this.#secrets({ fallback, ...work }), compose);
      const deployment = { project: work.job.payload.app, version, compose, ...secrets, again: "fallback" } as const;
      await runner.deploy(deployment, line, this.#options.signal);
      return `; version ${version} runs again`;
    } catch (error) {
      const second = isDiskFull(error) ? new RunError(diskFullText(error, "deploy again")) : error;
      if (!(second instanceof RunError)) throw second;
      line(`[${runner.name}] failed: ${second.message}`);
      return `; version ${version} could not be deployed again: ${second.message}`;
    }
  }

  /** Returns the values of the secrets of a job. A secret deleted in the meantime is omitted; the runner reports it as missing. */
  async #secrets({ secrets }: CoreJobWork): Promise<Map<string, string>> {
    const values = new Map<string, string>();
    for (const { name, id } of secrets) {
      try {
        values.set(name, await this.#options.core.secretValue(id, this.#options.signal));
      } catch (error) {
        if (!(error instanceof CoreCallError) || (error.status !== 404 && error.status !== 403)) throw error;
      }
    }
    return values;
  }
}

/** What to do after a job failed because the disk was full. */
function nextAfter({ data }: CoreJobWork): string {
  if (data === null) return "deploy again";
  return data.snapshot === null ? "back up the app again" : "restore the backup again";
}

/** Returns the secrets that a document refers to, and the credentials of registries, which no document gets. */
function splitSecrets(secrets: ReadonlyMap<string, string>, compose: string) {
  const names = new Set(secretNames(compose).filter((name) => !isSystemSecret(name)));
  return {
    secrets: new Map([...secrets].filter(([name]) => names.has(name))),
    pullSecrets: new Map([...secrets].filter(([name]) => name.startsWith(PULL_SECRET_PREFIX))),
  };
}

function plain({ runner, services, volumes, images }: RunResult): NonNullable<CoreJobEnd["result"]> {
  const common = { runner, services: [...services], volumes: [...volumes] };
  return images === undefined ? common : { ...common, images: { ...images } };
}
