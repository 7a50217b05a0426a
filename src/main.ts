import { systemClock } from "./base/clock.js";
import { messageOf, OverseerError } from "./base/errors.js";
import { loadConfig } from "./config/config.js";
import { helpText } from "./config/help.js";
import { ProbeServer } from "./server/probes.js";
import { createLogger } from "./telemetry/log.js";
import { createMetrics } from "./telemetry/metrics.js";
import { requestObserver } from "./telemetry/observers.js";
import { VERSION } from "./version.js";
import { connectCluster } from "./wiring/cluster.js";
import { Operator } from "./wiring/operator.js";

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
  let operator: Operator | undefined;
  const probes = new ProbeServer(config.metricsAddress, {
    notReady: () => operator?.notReady() ?? ["connecting to the cluster"],
    metrics: () => metrics.renderMetrics(),
    version: VERSION,
  });
  await probes.start();
  logger.info("starting", { version: VERSION, node: process.version, metricsPort: probes.port });
  const cluster = await connectCluster({
    settings: config.cluster,
    namespace: config.namespace,
    version: VERSION,
    clock,
    logger,
    onRequest: requestObserver(metrics),
    signal: stopping.signal,
  }).catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
    return undefined;
  });
  if (!cluster || stopping.signal.aborted) {
    await probes.stop();
    return 0;
  }
  operator = new Operator({ config, cluster, clock, logger, metrics });
  await operator.start();
  logger.info("working", { server: cluster.client.server, instance: cluster.instance });
  const alive = setInterval(() => {}, 2 ** 30);
  await stopped;
  clearInterval(alive);
  logger.info("stopping");
  await operator.stop();
  await probes.stop();
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`overseer-gitops: ${messageOf(error)}\n`);
    if (!(error instanceof OverseerError) && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
    process.exit(error instanceof OverseerError && error.code.startsWith("CONFIG_") ? 2 : 1);
  },
);
