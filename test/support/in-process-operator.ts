import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/base/clock.js";
import { openGate } from "../../src/base/write-gate.js";
import { loadConfig } from "../../src/config/config.js";
import { createMetrics, type Metrics } from "../../src/telemetry/metrics.js";
import { connectCluster } from "../../src/wiring/cluster.js";
import { ensureDigestKey } from "../../src/wiring/digest-key.js";
import { Operator } from "../../src/wiring/operator.js";
import { FakeLogger } from "../unit/support/fake-logger.js";
import { metricValue } from "./operator-process.js";

/** Rooms that talk to what is real: an answer that takes a second takes it on every clock. */
const REAL_TIME_ROOMS = /\/src\/(kube|git|render)\//;

/** Stops the time of deciders: what has waited long enough by then goes on, nothing becomes due. */
export interface TimeStop {
  held: boolean;
}

/**
 * A clock on which time runs so many times faster for whatever decides, but not for the rooms that talk to the API server and
 * to Git: deadlines of requests, and the bookmarks by which a watch knows that it lives, are in real time.
 */
export function quickClock(times: number, stop: TimeStop = { held: false }): Clock {
  let last = 0;
  return decidersClock({
    now: () => systemClock.now(),
    monotonic: () => {
      if (!stop.held || last === 0) last = systemClock.monotonic() * times;
      return last;
    },
    after: (ms, fn) => systemClock.after(ms / times, fn),
  });
}

/** Gives `clock` to whatever decides, and real time to the rooms that talk to what is real. */
export function decidersClock(clock: Clock): Clock {
  const mine = (): Clock => (REAL_TIME_ROOMS.test(caller()) ? systemClock : clock);
  return {
    now: () => systemClock.now(),
    monotonic: () => mine().monotonic(),
    after: (ms, fn) => mine().after(ms, fn),
  };
}

/** The file that asked the clock. It is asked often: a whole stack with source maps takes a tenth of a millisecond. */
function caller(): string {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    // The functions `mine` and the clock's own, and who called that.
    Error.stackTraceLimit = 3;
    Error.prepareStackTrace = (_error, sites) => sites[2]?.getFileName() ?? "";
    const at: { stack?: unknown } = {};
    Error.captureStackTrace(at, caller);
    return String(at.stack);
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}

/** How an operator in this process is run. */
export interface InProcessOptions {
  readonly kubeconfigPath: string;
  readonly trustedNamespaces: readonly string[];
  readonly clock: Clock;
}

/** Reconciles that wait, and that are under way, by the names of what counts them. */
type Work = Map<string, number>;

function counting(metrics: Metrics, work: Work): Metrics {
  const level = (name: string): ReturnType<Metrics["queue"]["depth"]["of"]> => ({
    set: (value) => work.set(name, value),
    inc: (by = 1) => work.set(name, (work.get(name) ?? 0) + by),
    dec: (by = 1) => work.set(name, (work.get(name) ?? 0) - by),
  });
  return {
    ...metrics,
    queue: { ...metrics.queue, depth: { of: ({ name }) => level(`waiting ${name}`), remove: () => {} } },
    reconcile: {
      ...metrics.reconcile,
      activeWorkers: { of: ({ controller }) => level(`active ${controller}`), remove: () => {} },
    },
  };
}

/** All of the operator but its process: with a clock of the test. */
export class InProcessOperator {
  readonly logger: FakeLogger;
  readonly #operator: Operator;
  readonly #metrics: Metrics;
  readonly #work: Work;
  readonly #dir: string;

  private constructor(operator: Operator, metrics: Metrics, logger: FakeLogger, work: Work, dir: string) {
    this.#operator = operator;
    this.#metrics = metrics;
    this.logger = logger;
    this.#work = work;
    this.#dir = dir;
  }

  static async start({ kubeconfigPath, trustedNamespaces, clock }: InProcessOptions): Promise<InProcessOperator> {
    const dir = await mkdtemp(join(tmpdir(), "overseer-operator-"));
    const flags = ["--kubeconfig", kubeconfigPath, "--cache-dir", dir, "--leader-election=false"];
    const config = loadConfig([...flags, "--trusted-namespaces", trustedNamespaces.join(",")], {});
    const logger = new FakeLogger();
    const work: Work = new Map();
    const metrics = counting(createMetrics({ clock, version: "test" }), work);
    const cluster = await connectCluster({
      settings: config.cluster,
      namespace: config.namespace,
      leaseName: undefined,
      version: "test",
      clock,
      logger,
      onRequest: () => {},
      signal: new AbortController().signal,
      gate: openGate,
    });
    const digestKey = await ensureDigestKey(cluster.client, config.namespace);
    const operator = await Operator.create({
      config,
      cluster: { ...cluster, digestKey },
      clock,
      logger,
      metrics,
      gate: openGate,
    });
    await operator.start();
    return new InProcessOperator(operator, metrics, logger, work, dir);
  }

  /** Whether a reconcile is under way or waits for its turn. */
  get busy(): boolean {
    return [...this.#work.values()].some((count) => count > 0);
  }

  /** The value of a series, with its labels as they are written; 0 if there is none. */
  async metric(series: string): Promise<number> {
    return metricValue((await this.#metrics.renderMetrics()).body, series);
  }

  /** Ends it, and removes its files. */
  async stop(): Promise<void> {
    await this.#operator.stop();
    await rm(this.#dir, { recursive: true, force: true });
  }
}
