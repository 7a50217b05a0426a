import { hostname } from "node:os";
import type { CoreJobEnd, CoreJobWork } from "../../api/core/job.js";
import { type BackoffPolicy, backoffDelay, jitter } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import { cutText } from "../../base/cut-text.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { VERSION } from "../../version.js";
import { type AgentCoreClient, CoreCallError } from "./core-client.js";
import { JobLog, MAX_LOG_LINES } from "./job-log.js";
import type { Journal } from "./journal.js";
import { pause } from "./pause.js";
import { RunError, type Runner, type RunResult } from "./runner.js";

/** What an agent is made of. */
export interface AgentOptions {
  /** Name of the node. */
  readonly node: string;
  readonly core: AgentCoreClient;
  readonly runner: Runner;
  readonly journal: Journal;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** In [0, 1): spreads retries. */
  readonly random: () => number;
}

const RETRY: BackoffPolicy = { baseMs: 250, factor: 2, maxMs: 5_000 };
/** Longest that one request for a job is held open, in seconds. */
const WAIT_SECONDS = 30;

/** The agent of a node: registers it, says that it is there, and does its jobs, one after the other. */
export class NodeAgent {
  readonly #options: AgentOptions;
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  #nodeId: string | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loops = Promise.all([
      this.#forEver("work", () => this.#work()),
      this.#forEver("heartbeat", () => this.#beat()),
    ]);
  }

  /** Breaks off what is under way. A job that was begun goes on when the agent is started again. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the agent stops"));
    await this.#loops;
    await this.#options.core.close();
  }

  /** Calls `step` again and again, with growing pauses while it fails. */
  async #forEver(what: string, step: () => Promise<void>): Promise<void> {
    const { clock, logger, random } = this.#options;
    const { signal } = this.#stopping;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await step();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        if (error instanceof CoreCallError && error.code === "NOT_FOUND") this.#nodeId = undefined;
        const ms = jitter(backoffDelay(RETRY, failures), 0.3, random());
        logger.warn("the Core did not do what it was asked", {
          what,
          error: messageOf(error),
          failures,
          retryMs: Math.round(ms),
        });
        await pause(clock, ms, signal).catch(() => {});
      }
    }
  }

  async #beat(): Promise<void> {
    const { core, clock, heartbeatMs } = this.#options;
    const { signal } = this.#stopping;
    if (this.#nodeId !== undefined) await core.heartbeat(this.#nodeId, signal);
    await pause(clock, this.#nodeId === undefined ? Math.min(heartbeatMs, 250) : heartbeatMs, signal);
  }

  async #work(): Promise<void> {
    const { core } = this.#options;
    const { signal } = this.#stopping;
    const nodeId = await this.#registered();
    await this.#reportLast();
    const work = await core.claim(nodeId, WAIT_SECONDS, signal);
    if (work !== undefined) await this.#do(work);
  }

  async #registered(): Promise<string> {
    if (this.#nodeId !== undefined) return this.#nodeId;
    const { core, node, runner, logger } = this.#options;
    const said = { name: node, hostname: hostname() || node, version: VERSION, runner: runner.name };
    const { id } = await core.register(said, this.#stopping.signal);
    logger.info("registered", { node, id, runner: runner.name });
    this.#nodeId = id;
    return id;
  }

  /** Reports the end of a job that the Core has perhaps not heard of. */
  async #reportLast(): Promise<void> {
    const { core, journal, logger } = this.#options;
    const last = journal.unreported();
    if (last === undefined) return;
    const { signal } = this.#stopping;
    try {
      for (let sent = 0; sent < last.lines.length; sent += MAX_LOG_LINES) {
        await core.addLogs(last.jobId, last.from + sent, last.lines.slice(sent, sent + MAX_LOG_LINES), signal);
      }
      await core.end(last.jobId, last.end, signal);
      logger.info("reported the end of a job", { job: last.jobId, status: last.end.status });
    } catch (error) {
      const { status } = error instanceof CoreCallError ? error : { status: undefined };
      if (status !== 404 && status !== 409 && status !== 400) throw error;
      logger.warn("the Core does not want the end of a job", { job: last.jobId, error: messageOf(error) });
      // What it cannot read it would never take, and the job would be given out again for ever.
      const end = { status: "failed", error: "the Core could not read what the agent reported" } as const;
      if (status === 400) await core.end(last.jobId, end, signal);
    }
    journal.reported();
  }

  async #do(work: CoreJobWork): Promise<void> {
    const { core, journal, clock, logger } = this.#options;
    const { signal } = this.#stopping;
    const { id, payload } = work.job;
    logger.info("doing a job", { job: id, app: payload.app, version: payload.version });
    const log = new JobLog(work.nextLine, (from, lines) => core.addLogs(id, from, lines, signal), clock);
    try {
      const end = await this.#run(work, log);
      journal.done({ jobId: id, end, ...log.close() });
      logger.info("did a job", { job: id, status: end.status });
    } finally {
      log.close();
    }
    await this.#reportLast();
  }

  /** Does a job. Throws only for what may go better the next time: the job is claimed again then. */
  async #run(work: CoreJobWork, log: JobLog): Promise<CoreJobEnd> {
    const { runner } = this.#options;
    const { signal } = this.#stopping;
    const { payload } = work.job;
    const line = (text: string): void => log.add(text);
    try {
      const project = payload.app;
      const result =
        work.compose === null
          ? await runner.remove(project, line, signal)
          : await runner.deploy({ project, compose: work.compose, secrets: await this.#secrets(work) }, line, signal);
      return { status: "completed", result: plain(result) };
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      line(`[${runner.name}] failed: ${error.message}`);
      return { status: "failed", result: { runner: runner.name }, error: cutText(error.message, 4096) };
    }
  }

  /** Values of the secrets of a job. One that was deleted meanwhile is left out, and the runner says that it is not there. */
  async #secrets({ secrets }: CoreJobWork): Promise<Map<string, string>> {
    const values = new Map<string, string>();
    for (const { name, id } of secrets) {
      try {
        values.set(name, await this.#options.core.secretValue(id, this.#stopping.signal));
      } catch (error) {
        if (!(error instanceof CoreCallError) || (error.status !== 404 && error.status !== 403)) throw error;
      }
    }
    return values;
  }
}

function plain({ runner, services, volumes }: RunResult): Record<string, string | string[]> {
  return { runner, services: [...services], volumes: [...volumes] };
}
