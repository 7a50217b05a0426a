import { setMaxListeners } from "node:events";
import { hostname } from "node:os";
import type { JobLane } from "../../api/core/job.js";
import type { CoreNodeUsage } from "../../api/core/node.js";
import { type BackoffPolicy, backoffDelay, jitter } from "../../base/backoff.js";
import type { Clock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { VERSION } from "../../version.js";
import { type AgentCoreClient, CoreCallError } from "./core-client.js";
import { JobWorker } from "./job-worker.js";
import type { Journal } from "./journal.js";
import { NodeReporter } from "./node-reporter.js";
import { pause } from "./pause.js";
import type { ProxySync } from "./proxy/proxy-sync.js";
import type { Runner } from "./runner.js";
import { Signals } from "./signals.js";

/** Options of an agent. */
export interface AgentOptions {
  /** Name of the node. */
  readonly node: string;
  readonly core: AgentCoreClient;
  readonly runner: Runner;
  /** Returns the journal of a worker of a lane. */
  readonly journals: (lane: JobLane, worker: number) => Journal;
  /** Publishes the routes of the node's apps. Undefined if the runner runs no containers. */
  readonly proxy?: ProxySync;
  readonly heartbeatMs: number;
  /** Returns memory and disk of the node. Undefined if they cannot be read. */
  readonly usage?: () => CoreNodeUsage | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Returns a number in [0, 1), for the jitter of retries. */
  readonly random: () => number;
}

const RETRY: BackoffPolicy = { baseMs: 250, factor: 2, maxMs: 5_000 };
/** Long-poll timeout of a request for a job, in seconds. */
const WAIT_SECONDS = 30;
/** Workers that revert drift beside worker 0, which runs all jobs in order: after a restart of the engine, many apps are to be started. */
const REVERTERS = [1, 2, 3] as const;

/** Agent of a node: registers the node, sends heartbeats and runs its jobs: one at a time of each lane, and several that revert drift. */
export class NodeAgent {
  readonly #options: AgentOptions;
  readonly #stopping = new AbortController();
  readonly #reporter = new NodeReporter();
  readonly #reverts = new Signals();
  readonly #workers = new Map<string, JobWorker>();
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
    const reverters = runner.watch === undefined ? [] : REVERTERS;
    this.#loops = Promise.all([
      proxy?.run((routes) => this.#reporter.routes(routes), this.#stopping.signal),
      ...(proxy === undefined ? [] : [this.#repeat("routes", () => this.#followRoutes(proxy))]),
      runner.watch?.(this.#reporter, this.#stopping.signal),
      ...(runner.watch === undefined ? [] : [this.#repeat("report", () => this.#report())]),
      this.#repeat("work", () => this.#work("deploy")),
      ...reverters.map((worker) => this.#repeat("revert", () => this.#revert(worker))),
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
    const { core, clock, heartbeatMs, usage } = this.#options;
    const { signal } = this.#stopping;
    if (this.#nodeId !== undefined) await core.heartbeat(this.#nodeId, usage?.(), signal);
    await pause(clock, this.#nodeId === undefined ? Math.min(heartbeatMs, 250) : heartbeatMs, signal);
  }

  async #report(): Promise<void> {
    const { core, clock } = this.#options;
    const { signal } = this.#stopping;
    await this.#reporter.ready(signal);
    const nodeId = this.#nodeId;
    if (nodeId === undefined) return pause(clock, 250, signal);
    await this.#reporter.flush(async (report) => {
      await core.report(nodeId, report, signal);
      if (report.apps.some(({ redeploy }) => redeploy)) this.#reverts.note();
    });
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
    const { clock } = this.#options;
    // The first lane registers the node.
    if (lane !== "deploy" && this.#nodeId === undefined) return pause(clock, 250, this.#stopping.signal);
    const nodeId = await this.#ensureRegistered();
    await this.#worker(lane, 0).step(nodeId, WAIT_SECONDS);
  }

  /** Reverts drift beside the first worker, until no such job is left. Nothing is requested before drift was reported. */
  async #revert(worker: number): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopping;
    const nodeId = this.#nodeId;
    if (nodeId === undefined) return pause(clock, 250, signal);
    const reported = this.#reverts.count;
    while (await this.#worker("deploy", worker).step(nodeId, 0)) signal.throwIfAborted();
    await this.#reverts.after(reported, signal);
  }

  #worker(lane: JobLane, worker: number): JobWorker {
    const key = `${lane} ${worker}`;
    const known = this.#workers.get(key);
    if (known !== undefined) return known;
    const { core, runner, journals, clock, logger } = this.#options;
    const made = new JobWorker({
      ...{ core, runner, clock, logger, lane, worker },
      journal: journals(lane, worker),
      onLateEnd: () => this.#reporter.repeatAll(),
      signal: this.#stopping.signal,
    });
    this.#workers.set(key, made);
    return made;
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
}
