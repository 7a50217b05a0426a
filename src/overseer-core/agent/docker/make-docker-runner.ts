import { uptime } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/logger.js";
import { findConfinement } from "../../../child/confinement.js";
import { flagError } from "../../flags.js";
import { readHostPolicy } from "../host-access/host-policy.js";
import type { ReservedPort } from "../host-access/judge-ports.js";
import { DeployedRecords } from "./deployed-record.js";
import { DockerCli } from "./docker-cli.js";
import { DockerData } from "./docker-data.js";
import { DockerRunner } from "./docker-runner.js";
import { DockerUpstreams } from "./docker-upstreams.js";
import { DockerEngine } from "./engine.js";
import { EngineEvents } from "./engine-events.js";
import { ProjectWatch } from "./project-watch.js";
import { UnusedImages } from "./unused-images.js";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEFAULT_HOST = "unix:///var/run/docker.sock";

/** Settings of the Docker runner, as on the command line. */
export interface DockerRunnerSettings {
  readonly node: string;
  readonly dataDir: string;
  /** Value of `--docker-host`; empty for DOCKER_HOST or the default. */
  readonly host: string;
  readonly allow: string;
  readonly bindRoots: string;
  readonly healthTimeoutMs: number;
  readonly revertDrift: boolean;
  /** Returns the ports of the node that its routes depend on. */
  readonly reservedPorts: (signal: AbortSignal) => Promise<readonly ReservedPort[]>;
  /** Time in milliseconds that images stay after their last use; undefined if they are never removed. */
  readonly keepImagesMs: number | undefined;
}

/** Creates a Docker runner. `environment`: of this process. Throws CORE_FLAG_INVALID. */
export async function makeDockerRunner(
  settings: DockerRunnerSettings,
  environment: NodeJS.ProcessEnv,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): Promise<{ readonly runner: DockerRunner; readonly upstreams: DockerUpstreams; readonly dataRoot: () => string[] }> {
  const { node, dataDir, allow, bindRoots, healthTimeoutMs, revertDrift } = settings;
  const policy = readHostPolicy(allow, bindRoots);
  if (typeof policy === "string") throw flagError(policy);
  const host = settings.host || environment.DOCKER_HOST || DEFAULT_HOST;
  if (!host.startsWith("unix:///")) {
    throw flagError(`--docker-host: expected the socket of the engine on this node, like ${DEFAULT_HOST}, got ${host}`);
  }
  const socket = host.slice("unix://".length);
  const { HOME: home = "/root", DOCKER_CONFIG: config, PATH: path = DEFAULT_PATH } = environment;
  const env = { HOME: home, DOCKER_HOST: host, ...(config === undefined ? {} : { DOCKER_CONFIG: config }) };
  const cli = new DockerCli({ path, env, clock, confinement: await findConfinement() });
  const engine = new DockerEngine(socket);
  const events = new EngineEvents(engine, clock, logger);
  const bootMs = clock.now() - uptime() * 1000;
  const records = new DeployedRecords(dataDir);
  const watch = new ProjectWatch({ engine, events, records, revertDrift, bootMs, clock, logger });
  const restic = { path, env: { HOME: home }, cacheDir: join(dataDir, "restic-cache"), node, clock };
  const data = new DockerData({ dataDir, engine, events, watch, records, restic, logger });
  const unused = new UnusedImages({ dataDir, engine, records, keepMs: settings.keepImagesMs, clock, logger });
  const runner = new DockerRunner({
    node,
    dataDir,
    cli,
    engine,
    events,
    records,
    watch,
    data,
    unused,
    policy,
    socket,
    reservedPorts: settings.reservedPorts,
    healthTimeoutMs,
    clock,
  });
  const dataRoot = (): string[] => (engine.knownRoot === undefined ? [] : [engine.knownRoot]);
  return { runner, upstreams: new DockerUpstreams(node, engine, events), dataRoot };
}
