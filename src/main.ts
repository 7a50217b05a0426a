import { systemClock } from "./base/clock.js";
import { messageOf, OverseerError } from "./base/errors.js";
import { releaseIdleMemory } from "./base/idle-memory.js";
import type { Logger } from "./base/logger.js";
import { LeadershipLostError } from "./base/write-gate.js";
import { forbidCoreDumps } from "./child/confinement.js";
import { loadConfig } from "./config/config.js";
import { helpText } from "./config/help.js";
import { createLogger } from "./telemetry/log.js";
import { createMetrics } from "./telemetry/metrics.js";
import { VERSION } from "./version.js";
import type { Role, RoleParts } from "./wiring/role.js";

/** Exit code after losing leadership. */
const LEADERSHIP_LOST_EXIT_CODE = 3;

/** Runs the configured roles until SIGTERM or SIGINT; returns the exit code. */
async function main(): Promise<number> {
  const config = loadConfig(process.argv.slice(2), process.env);
  if (config.show) {
    process.stdout.write(`${config.show === "version" ? VERSION : helpText()}\n`);
    return 0;
  }
  const clock = systemClock;
  const logger = createLogger({ level: config.logLevel, clock });
  logWarnings(logger);
  for (const warning of config.warnings) logger.warn(warning);
  const metrics = createMetrics({ clock, version: VERSION, perApp: config.metricsPerApp });
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stopping.abort());
  const parts = { config, clock, logger, metrics };
  await forbidCoreDumps();
  const roles = await createRoles(parts);
  const probes = (await import("./wiring/probes.js")).probeServer(parts, roles);
  await probes.start();
  logger.info("starting", {
    roles: [...config.roles].join(","),
    version: VERSION,
    node: process.version,
    metricsPort: probes.port,
  });
  const keepAlive = setInterval(() => {}, 2 ** 30);
  releaseIdleMemory();
  try {
    await Promise.all(roles.map((role) => role.run(stopping.signal)));
  } catch (error) {
    if (error instanceof LeadershipLostError) return LEADERSHIP_LOST_EXIT_CODE;
    throw error;
  }
  clearInterval(keepAlive);
  await probes.stop();
  return 0;
}

/** Logs the warnings of Node.js, which by default go to stderr in a format that log parsers do not read. */
function logWarnings(logger: Logger): void {
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message, stack }) =>
    logger.warn("Node.js warning", { name, warning: message, stack }),
  );
}

/** Loads only the configured roles, to save memory. */
async function createRoles(parts: RoleParts): Promise<Role[]> {
  const { roles } = parts.config;
  const created: Role[] = [];
  if (roles.has("controller")) created.push(await createController(parts));
  if (roles.has("server")) created.push(new (await import("./wiring/server.js")).ServerRole(parts));
  if (roles.has("api")) created.push(new (await import("./wiring/api.js")).ApiRole(parts));
  return created;
}

async function createController(parts: RoleParts): Promise<Role> {
  if (parts.config.shards.length === 0) return new (await import("./wiring/controller.js")).ControllerRole(parts);
  return new (await import("./wiring/shards/sharded-controller.js")).ShardedControllerRole(parts);
}

main().then(
  (code) => {
    // Without leadership no write may follow, so pending work is not awaited.
    if (code === LEADERSHIP_LOST_EXIT_CODE) process.exit(code);
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`overseer-gitops: ${messageOf(error)}\n`);
    if (!(error instanceof OverseerError) && error instanceof Error) process.stderr.write(`${error.stack ?? ""}\n`);
    process.exit(error instanceof OverseerError && error.code.startsWith("CONFIG_") ? 2 : 1);
  },
);
