import { systemClock } from "./base/clock.js";
import { messageOf, OverseerError } from "./base/errors.js";
import type { Logger } from "./base/logger.js";
import { LeadershipLostError } from "./base/write-gate.js";
import { loadConfig } from "./config/config.js";
import { helpText } from "./config/help.js";
import { ProbeServer } from "./server/probes.js";
import { createLogger } from "./telemetry/log.js";
import { createMetrics } from "./telemetry/metrics.js";
import { VERSION } from "./version.js";
import type { Role, RoleParts } from "./wiring/role.js";

/** Exit code of a process that led and may not any more. */
const LOST_EXIT_CODE = 3;

/** Runs the roles that are asked for until it is told to stop; gives the exit code. */
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
  const metrics = createMetrics({ clock, version: VERSION });
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stopping.abort());
  const roles = await makeRoles({ config, clock, logger, metrics });
  const probes = new ProbeServer(config.metricsAddress, {
    notReady: () => roles.flatMap((role) => role.notReady()),
    standby: () => roles.map((role) => role.standby()).find((text) => text !== undefined),
    metrics: () => metrics.renderMetrics(),
    version: VERSION,
  });
  await probes.start();
  const said = { roles: [...config.roles].join(","), version: VERSION, node: process.version };
  logger.info("starting", { ...said, metricsPort: probes.port });
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await Promise.all(roles.map((role) => role.run(stopping.signal)));
  } catch (error) {
    if (error instanceof LeadershipLostError) return LOST_EXIT_CODE;
    throw error;
  }
  clearInterval(alive);
  await probes.stop();
  return 0;
}

/** Node writes its warnings to stderr, in lines that no log parser reads. */
function logWarnings(logger: Logger): void {
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message, stack }) =>
    logger.warn("warning of Node.js", { name, warning: message, stack }),
  );
}

/** A role that is not asked for is not even loaded: what it needs of memory is for those who have it. */
async function makeRoles(parts: RoleParts): Promise<Role[]> {
  const { roles } = parts.config;
  const made: Role[] = [];
  if (roles.has("controller")) made.push(new (await import("./wiring/controller.js")).ControllerRole(parts));
  if (roles.has("server")) made.push(new (await import("./wiring/server.js")).ServerRole(parts));
  return made;
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
