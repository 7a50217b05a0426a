import { setMaxListeners } from "node:events";
import { hostname } from "node:os";
import { type CoreDataWork, PULL_SECRET_PREFIX } from "../../api/core/app-backup.js";
import type { CoreJobEnd, CoreJobWork, JobLane } from "../../api/core/job.js";
import { type BackoffPolicy, backoffDelay, jitter } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import { cutText } from "../../base/cut-text.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { VERSION } from "../../version.js";
import { secretNames } from "../operations/compose.js";
import { type AgentCoreClient, CoreCallError } from "./core-client.js";
import { JobLog, MAX_LOG_LINES } from "./job-log.js";
import type { Journal } from "./journal.js";
import { NodeReporter } from "./node-reporter.js";
import { pause } from "./pause.js";
import type { ProxySync } from "./proxy/proxy-sync.js";
import { RunError, type Runner, type RunResult } from "./runner.js";

/** Options of an agent. */
export interface AgentOptions {
  /** Name of the node. */
  readonly node: string;
  readonly core: AgentCoreClient;
  readonly runner: Runner;
  readonly journals: Readonly<Record<JobLane, Journal>>;
  /** Publishes the routes of the node's apps. Undefined if the runner runs no containers. */
  readonly proxy?: ProxySync;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Returns a number in [0, 1), for the jitter of retries. */
  readonly random: () => number;
}

const RETRY: BackoffPolicy = { baseMs: 250, factor: 2, maxMs: 5_000 };
/** Long-poll timeout of a request for a job, in seconds. */
const WAIT_SECONDS = 30;

/** Agent of a node: registers the node, sends heartbeats and runs its jobs one at a time. */
export class NodeAgent {
  readonly #options: AgentOptions;
  readonly #stopping = new AbortController();
  readonly #reporter = new NodeReporter();
  #loops: Promise<unknown> = Promise.resolve();
  #nodeId: string | undefined;
  #routesTag: string | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    // Every request and every wait listens to it; there is no fixed number of them.
    setMaxListeners(0, this.#stopping.signal);
  }

  start(): void {
    const { runner, proxy } = this.#options;
    this.#loops = Promise.all([
      proxy?.run((routes) => this.#reporter.routes(routes), this.#stopping.signal),
      ...(proxy === undefined ? [] : [this.#repeat("routes", () => this.#followRoutes(proxy))]),
      runner.watch?.(this.#reporter, this.#stopping.signal),
      ...(runner.watch === undefined ? [] : [this.#repeat("report", () => this.#report())]),
      this.#repeat("work", () => this.#work("deploy")),
      this.#repeat("backup", () => this.#work("data")),
      this.#repeat("heartbeat", () => this.#sendHeartbeat()),
    ]);
  }

  /** Aborts work in progress. A started job continues after the next start of the agent. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the agent is stopping"));
    await this.#loops;
    await this.#options.core.close();
  }

  /** Calls `step` repeatedly, with exponential backoff while it fails. */
  async #repeat(what: string, step: () => Promise<void>): Promise<void> {
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
        logger.warn("request to the Core failed", {
          what,
          error: messageOf(error),
          failures,
          retryMs: Math.round(ms),
        });
        await pause(clock, ms, signal).catch(() => {});
      }
    }
  }

  async #sendHeartbeat(): Promise<void> {
    const { core, clock, heartbeatMs } = this.#options;
    const { signal } = this.#stopping;
    if (this.#nodeId !== undefined) await core.heartbeat(this.#nodeId, signal);
    await pause(clock, this.#nodeId === undefined ? Math.min(heartbeatMs, 250) : heartbeatMs, signal);
  }

  async #report(): Promise<void> {
    const { core, clock } = this.#options;
    const { signal } = this.#stopping;
    await this.#reporter.ready(signal);
    const nodeId = this.#nodeId;
    if (nodeId === undefined) return pause(clock, 250, signal);
    await this.#reporter.flush((report) => core.report(nodeId, report, signal));
  }

  async #followRoutes(proxy: ProxySync): Promise<void> {
    const { core, clock } = this.#options;
    const { signal } = this.#stopping;
    const nodeId = this.#nodeId;
    if (nodeId === undefined) return pause(clock, 250, signal);
    const found = await core.routes(nodeId, this.#routesTag, WAIT_SECONDS, signal);
    if (found === undefined) return;
    proxy.setRoutes(found.routes);
    this.#routesTag = found.etag;
  }

  async #work(lane: JobLane): Promise<void> {
    const { core, clock } = this.#options;
    const { signal } = this.#stopping;
    // The first lane registers the node.
    if (lane !== "deploy" && this.#nodeId === undefined) return pause(clock, 250, signal);
    const nodeId = await this.#ensureRegistered();
    await this.#reportLast(lane);
    const work = await core.claim(nodeId, lane, WAIT_SECONDS, signal);
    if (work !== undefined) await this.#runJob(work, lane);
  }

  async #ensureRegistered(): Promise<string> {
    if (this.#nodeId !== undefined) return this.#nodeId;
    const { core, node, runner, logger } = this.#options;
    const registration = { name: node, hostname: hostname() || node, version: VERSION, runner: runner.name };
    const { id } = await core.register(registration, this.#stopping.signal);
    logger.info("registered", { node, id, runner: runner.name });
    this.#nodeId = id;
    this.#routesTag = undefined;
    this.#reporter.repeatAll();
    return id;
  }

  /** Reports the result of the last job, if the Core may not have received it. */
  async #reportLast(lane: JobLane): Promise<void> {
    const { core, logger } = this.#options;
    const journal = this.#options.journals[lane];
    const last = journal.unreported();
    if (last === undefined) return;
    const { signal } = this.#stopping;
    try {
      for (let sent = 0; sent < last.lines.length; sent += MAX_LOG_LINES) {
        await core.addLogs(last.jobId, last.from + sent, last.lines.slice(sent, sent + MAX_LOG_LINES), signal);
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
    journal.reported();
  }

  async #runJob(work: CoreJobWork, lane: JobLane): Promise<void> {
    const { core, clock, logger } = this.#options;
    const journal = this.#options.journals[lane];
    const { signal } = this.#stopping;
    const { id, payload } = work.job;
    logger.info("running job", { job: id, type: work.job.type, app: payload.app, version: payload.version });
    const log = new JobLog(work.nextLine, (from, lines) => core.addLogs(id, from, lines, signal), clock);
    try {
      const end = await this.#execute(work, log);
      journal.done({ jobId: id, end, ...log.close() });
      logger.info("job ended", { job: id, status: end.status });
    } finally {
      log.close();
    }
    await this.#reportLast(lane);
  }

  /** Executes a job. Throws only for temporary failures, after which the job is claimed again. */
  async #execute(work: CoreJobWork, log: JobLog): Promise<CoreJobEnd> {
    const { runner } = this.#options;
    const { signal } = this.#stopping;
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
      if (!(error instanceof RunError)) throw error;
      line(`[${runner.name}] failed: ${error.message}`);
      const rest = await this.#fallBack(work, error, line);
      return {
        status: "failed",
        result: { runner: runner.name },
        error: `${cutText(error.message, 3500)}${cutText(rest, 500)}`,
      };
    }
  }

  async #runDataJob(work: CoreJobWork, settings: CoreDataWork, line: (text: string) => void) {
    const { runner } = this.#options;
    const { signal } = this.#stopping;
    const { id, payload } = work.job;
    const job = { id, app: payload.app, work: settings, secrets: await this.#secrets(work) };
    if (settings.snapshot === null) return { runner: runner.name, ...(await runner.data.backup(job, line, signal)) };
    const { restored } = await runner.data.restore(job, line, signal);
    return { runner: runner.name, restored: [...restored] };
  }

  /** Deploys the previous version again if a failed deployment changed services. Returns what happened, for the error of the job. */
  async #fallBack({ fallback, ...work }: CoreJobWork, error: RunError, line: (text: string) => void): Promise<string> {
    const { runner } = this.#options;
    if (!error.changed || fallback === null) return "";
    const { version, compose } = fallback;
    line(`[${runner.name}] deploying version ${version} again, the last one that was deployed with success`);
    try {
      const secrets = splitSecrets(await this.#secrets({ fallback, ...work }), compose);
      const deployment = { project: work.job.payload.app, version, compose, ...secrets, again: "fallback" } as const;
      await runner.deploy(deployment, line, this.#stopping.signal);
      return `; version ${version} runs again`;
    } catch (second) {
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
        values.set(name, await this.#options.core.secretValue(id, this.#stopping.signal));
      } catch (error) {
        if (!(error instanceof CoreCallError) || (error.status !== 404 && error.status !== 403)) throw error;
      }
    }
    return values;
  }
}

/** Returns the secrets that a document refers to, and the credentials of registries. */
function splitSecrets(secrets: ReadonlyMap<string, string>, compose: string) {
  const names = new Set(secretNames(compose));
  return {
    secrets: new Map([...secrets].filter(([name]) => names.has(name))),
    pullSecrets: new Map([...secrets].filter(([name]) => name.startsWith(PULL_SECRET_PREFIX))),
  };
}

function plain({ runner, services, volumes, images }: RunResult): NonNullable<CoreJobEnd["result"]> {
  const common = { runner, services: [...services], volumes: [...volumes] };
  return images === undefined ? common : { ...common, images: { ...images } };
}
