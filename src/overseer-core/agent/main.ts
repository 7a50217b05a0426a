import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import { createLogger } from "../../telemetry/log.js";
import { VERSION } from "../../version.js";
import { durationFlag, type Flag, flagError, flagHelp, readFlags } from "../flags.js";
import { runProgram, type Service } from "../program.js";
import { Database } from "../store/database.js";
import { NodeAgent } from "./agent.js";
import { AgentCoreClient } from "./core-client.js";
import { Journal } from "./journal.js";
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
  const agent = new NodeAgent({
    node,
    core: new AgentCoreClient({ url: core, token, ...(caFile === undefined ? {} : { ca: readText(caFile) }) }),
    runner: new SimulatedRunner(dataDir, clock),
    journal: new Journal(dataDir),
    heartbeatMs: durationFlag(flags, "heartbeat"),
    clock,
    logger,
    random: Math.random,
  });
  agent.start();
  logger.info("started", { node, core, runner: "simulated", version: VERSION });
  return {
    stop: async () => {
      logger.info("stopping");
      await agent.stop();
      lock.close();
    },
  };
});

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
