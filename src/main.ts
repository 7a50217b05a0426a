import { systemClock } from "./base/clock.js";
import { messageOf, OverseerError } from "./base/errors.js";
import type { Logger } from "./base/logger.js";
import { loadConfig } from "./config/config.js";
import { helpText } from "./config/help.js";
import { ProbeServer } from "./server/probes.js";
import { createLogger } from "./telemetry/log.js";
import { createMetrics } from "./telemetry/metrics.js";
import { requestObserver } from "./telemetry/observers.js";
import { VERSION } from "./version.js";
import { type Cluster, connectCluster } from "./wiring/cluster.js";
import { Leadership } from "./wiring/leadership.js";
import { Operator, type OperatorParts } from "./wiring/operator.js";

/** Exit code of a process that led and may not any more. */
const LOST_EXIT_CODE = 3;

/** Runs the operator until it is told to stop; gives the exit code. */
async function main(): Promise<number> {
  const config = loadConfig(process.argv.slice(2), process.env);
  if (config.show) {
    process.stdout.write(`${config.show === "version" ? VERSION : helpText()}\n`);
    return 0;
  }
  const clock = systemClock;
  const logger = createLogger({ level: config.logLevel, clock });
  const metrics = createMetrics({ clock, version: VERSION });
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      process.once(name, () => {
        stopping.abort();
        resolve();
      });
    }
  });
  const leadership = new Leadership({ config, clock, logger, metrics });
  let operator: Operator | undefined;
  const probes = new ProbeServer(config.metricsAddress, {
    notReady: () => (operator ?? leadership).notReady(),
    standby: () => (operator ? undefined : leadership.standby()),
    metrics: () => metrics.renderMetrics(),
    version: VERSION,
  });
  await probes.start();
  logger.info("starting", { version: VERSION, node: process.version, metricsPort: probes.port });
  const alive = setInterval(() => {}, 2 ** 30);
  const cluster = await connect({ config, clock, logger, metrics }, leadership, stopping.signal);
  if (cluster && (await leadership.acquire(cluster, stopping.signal)) && !stopping.signal.aborted) {
    operator = await Operator.create({ config, cluster, clock, logger, metrics, gate: leadership.gate });
    const lost = await Promise.race([work(operator, cluster, stopped, logger), leadership.lost]);
    if (lost) {
      logger.error("ending, to start anew as a standby", { error: lost.message });
      return LOST_EXIT_CODE;
    }
  }
  await leadership.release();
  await cluster?.ungated.close();
  clearInterval(alive);
  await probes.stop();
  return 0;
}

/** The cluster, once it is there; undefined when we are told to stop before. */
async function connect(
  parts: Omit<OperatorParts, "cluster" | "gate">,
  { gate }: Leadership,
  signal: AbortSignal,
): Promise<Cluster | undefined> {
  const { config, clock, logger, metrics } = parts;
  const { cluster: settings, namespace } = config;
  const onRequest = requestObserver(metrics);
  try {
    return await connectCluster({ settings, namespace, version: VERSION, clock, logger, onRequest, signal, gate });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** Works until told to stop, and ends what is under way. */
async function work(operator: Operator, cluster: Cluster, stopped: Promise<void>, logger: Logger): Promise<undefined> {
  await operator.start();
  logger.info("working", { server: cluster.client.server, instance: cluster.instance });
  await stopped;
  logger.info("stopping");
  await operator.stop();
}

main().then(
  (code) => {
    // Whoever may not write any more does not wait for what is still open.
    if (code === LOST_EXIT_CODE) process.exit(code);
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`overseer-gitops: ${messageOf(error)}\n`);
    if (!(error instanceof OverseerError) && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
    process.exit(error instanceof OverseerError && error.code.startsWith("CONFIG_") ? 2 : 1);
  },
);
