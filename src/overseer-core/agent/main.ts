import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Clock, systemClock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import { createLogger } from "../../telemetry/log.js";
import { VERSION } from "../../version.js";
import { durationFlag, type Flag, type FlagValues, flagError, flagHelp, readFlags } from "../flags.js";
import { runProgram, type Service } from "../program.js";
import { Database } from "../store/database.js";
import { NodeAgent } from "./agent.js";
import { AgentCoreClient } from "./core-client.js";
import { makeDockerRunner } from "./docker/make-docker-runner.js";
import { HOST_PERMISSIONS } from "./host-access/host-policy.js";
import { Journal } from "./journal.js";
import { nodeUsage } from "./node-usage.js";
import { CaddyAdmin } from "./proxy/caddy-admin.js";
import { PROXY_FLAGS, proxySettings } from "./proxy/proxy-flags.js";
import { ProxySync } from "./proxy/proxy-sync.js";
import { reservedPorts } from "./proxy/reserved-ports.js";
import type { Runner } from "./runner.js";
import { SimulatedRunner } from "./simulated-runner.js";

const FLAGS: readonly Flag[] = [
  { name: "core", value: "URL", help: "URL of the Core.", required: true },
  {
    name: "token-file",
    value: "FILE",
    help: "File with a token of role agent; read for each request.",
    required: true,
  },
  { name: "node", value: "NAME", help: "Name of this node.", required: true },
  { name: "data", value: "DIR", help: "Data directory; created if missing.", required: true },
  { name: "ca", value: "FILE", help: "PEM file with the CA that signed the certificate of the Core." },
  { name: "heartbeat", value: "DURATION", help: "Interval between heartbeats.", fallback: "10s" },
  {
    name: "runner",
    value: "RUNNER",
    help: "docker: run apps by Docker Compose. simulated: start no containers, for demonstrations.",
    fallback: "docker",
  },
  {
    name: "docker-host",
    value: "URL",
    help: "Socket of the Docker engine, unix:///path. Defaults to DOCKER_HOST, or unix:///var/run/docker.sock.",
  },
  {
    name: "allow",
    value: "LIST",
    help: `What Compose documents may use of this node, separated by commas; NAME@APP for one app. Names: ${Object.keys(HOST_PERMISSIONS).join(", ")}.`,
  },
  {
    name: "bind-roots",
    value: "LIST",
    help: "Directories of this node that documents may mount, separated by commas, in addition to the app's own directory.",
  },
  {
    name: "health-timeout",
    value: "DURATION",
    help: "Time for the services of a deployment to become healthy.",
    fallback: "5m",
  },
  {
    name: "revert-drift",
    value: "on|off",
    help: "Deploy an app again when its containers were stopped, removed or changed by hand.",
    fallback: "on",
  },
  {
    name: "keep-images",
    value: "DURATION",
    help: "Remove pulled images this long after no app of this agent uses them any more. Defaults to never.",
  },
  ...PROXY_FLAGS,
  { name: "insecure-http", help: "Allow plain HTTP to a Core on another machine. The token is then sent unencrypted." },
];

runProgram("overseer-agent", async (): Promise<Service | undefined> => {
  const flags = readFlags(FLAGS, process.argv.slice(2));
  if (flags.has("help")) {
    const usage = "Usage: overseer-agent --core URL --token-file FILE --node NAME --data DIR [flags]";
    process.stdout.write(flagHelp(`${usage}\n\nThe agent of a node of an Overseer Core.`, FLAGS));
    return undefined;
  }
  const [core = "", tokenFile = "", node = "", dataDir = "", caFile] = ["core", "token-file", "node", "data", "ca"].map(
    (name) => flags.get(name),
  );
  checkUrl(core, flags.has("insecure-http"));
  const clock = systemClock;
  const logger = createLogger({ level: "info", clock });
  const token = (): string => readText(tokenFile).trim();
  token();
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = Database.open(join(dataDir, "lock.db"));
  const { runner, proxy, dataRoot } = await makeRunner(flags, node, dataDir, { clock, logger });
  const agent = new NodeAgent({
    node,
    core: new AgentCoreClient({ url: core, token, ...(caFile === undefined ? {} : { ca: readText(caFile) }) }),
    runner,
    ...(proxy === undefined ? {} : { proxy }),
    journals: (lane, worker) => new Journal(dataDir, lane, worker),
    heartbeatMs: durationFlag(flags, "heartbeat"),
    usage: () => nodeUsage([dataDir, ...(dataRoot?.() ?? [])]),
    clock,
    logger,
    random: Math.random,
  });
  agent.start();
  logger.info("started", { node, core, runner: runner.name, version: VERSION });
  return {
    stop: async () => {
      logger.info("stopping");
      await agent.stop();
      lock.close();
    },
  };
});

async function makeRunner(
  flags: FlagValues,
  node: string,
  dataDir: string,
  parts: { readonly clock: Clock; readonly logger: Logger },
): Promise<{ readonly runner: Runner; readonly proxy?: ProxySync; readonly dataRoot?: () => string[] }> {
  const name = flags.get("runner");
  const { admin, ...proxyPorts } = proxySettings(flags);
  if (name === "simulated") {
    if (admin !== undefined) throw flagError("--proxy: the runner simulated has no containers to route to");
    return { runner: new SimulatedRunner(dataDir, parts.clock) };
  }
  if (name !== "docker") throw flagError("--runner: expected docker or simulated");
  const revert = flags.get("revert-drift");
  if (revert !== "on" && revert !== "off") throw flagError("--revert-drift: expected on or off");
  const [host = "", allow = "", bindRoots = ""] = ["docker-host", "allow", "bind-roots"].map((flag) => flags.get(flag));
  const healthTimeoutMs = durationFlag(flags, "health-timeout");
  let proxy: ProxySync | undefined;
  const settings = {
    node,
    dataDir: resolve(dataDir),
    host,
    allow,
    bindRoots,
    healthTimeoutMs,
    revertDrift: revert === "on",
    reservedPorts: async (signal: AbortSignal) =>
      admin === undefined || proxy === undefined ? [] : reservedPorts(proxyPorts, admin, await proxy.routes(signal)),
    keepImagesMs: flags.has("keep-images") ? durationFlag(flags, "keep-images") : undefined,
  };
  const { runner, upstreams, dataRoot } = await makeDockerRunner(settings, process.env, parts);
  const certificates = flags.get("proxy-certificates");
  proxy = new ProxySync({
    ...(admin === undefined ? {} : { caddy: new CaddyAdmin(admin) }),
    upstreams,
    settings: proxyPorts,
    ...(certificates === undefined ? {} : { certificates: resolve(certificates) }),
    ...parts,
  });
  return { runner, proxy, dataRoot };
}

function checkUrl(text: string, insecure: boolean): void {
  if (!URL.canParse(text)) throw flagError("--core: expected a URL like https://core.example.com:8480");
  const { protocol, hostname } = new URL(text);
  if (protocol === "https:") return;
  if (protocol !== "http:") throw flagError("--core: expected http or https");
  if (insecure || /^(localhost|127\.[0-9.]+|\[::1\])$/.test(hostname)) return;
  throw flagError(
    "--core: expected https, since plain HTTP would send the token unencrypted; use https, or set --insecure-http",
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw flagError(`cannot read ${path}: ${messageOf(error)}`);
  }
}
