import { HttpServer } from "../http/server.js";
import { probeRoutes } from "../server/probes.js";
import { VERSION } from "../version.js";
import type { Role, RoleParts } from "./role.js";

/** Returns the server of probes and metrics, at `--metrics-address`. */
export function probeServer({ config, clock, logger, metrics }: RoleParts, roles: readonly Role[]): HttpServer {
  const routes = probeRoutes({
    notReady: () => roles.flatMap((role) => role.notReady()),
    standby: () => roles.map((role) => role.standby()).find((text) => text !== undefined),
    metrics: () => metrics.renderMetrics(),
    version: VERSION,
  });
  const limits = { stopMs: 0 };
  const server = new HttpServer({ ...config.metricsAddress, addressFlags: "--metrics-address", limits, clock, logger });
  server.mount(routes, { authorize: () => undefined });
  return server;
}
