import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { systemClock } from "../base/clock.js";
import { messageOf } from "../base/errors.js";
import { createLogger } from "../telemetry/log.js";
import { VERSION } from "../version.js";
import { Core } from "./core.js";
import { durationFlag, type Flag, type FlagValues, flagError, flagHelp, readFlags } from "./flags.js";
import { scheduleProblem } from "./operations/backup-schedule.js";
import type { CoreBackupOptions } from "./operations/core-backup.js";
import { runProgram, type Service } from "./program.js";

const FLAGS: readonly Flag[] = [
  {
    name: "data",
    value: "DIR",
    help: "Data directory; created if missing.",
    required: true,
  },
  { name: "host", value: "ADDRESS", help: "Address to listen on.", fallback: "127.0.0.1" },
  { name: "port", value: "PORT", help: "Port to listen on; 0 selects a free port, which is logged.", fallback: "8480" },
  { name: "tls-cert", value: "FILE", help: "PEM file with the server certificate; requires --tls-key." },
  { name: "tls-key", value: "FILE", help: "PEM file with the private key of the certificate." },
  {
    name: "insecure-http",
    help: "Allow plain HTTP on a non-loopback address. Tokens and secret values are then sent unencrypted.",
  },
  {
    name: "key-file",
    value: "FILE",
    help: "File with the key that encrypts secrets (default: core.key in the data directory).",
  },
  { name: "backup-dir", value: "DIR", help: "Directory for copies of the database. Defaults to none." },
  {
    name: "backup-schedule",
    value: "CRON",
    help: "When to copy the database, as a cron line of five fields in UTC.",
    fallback: "0 2 * * *",
  },
  { name: "backup-keep", value: "NUMBER", help: "Number of copies to keep.", fallback: "14" },
  {
    name: "heartbeat-timeout",
    value: "DURATION",
    help: "Time without a heartbeat after which a node is offline.",
    fallback: "45s",
  },
];

runProgram("overseer-core", async (): Promise<Service | undefined> => {
  const flags = readFlags(FLAGS, process.argv.slice(2));
  if (flags.has("help")) {
    process.stdout.write(flagHelp("Usage: overseer-core --data DIR [flags]\n\nThe embedded Overseer Core.", FLAGS));
    return undefined;
  }
  const [clock, host, tls] = [systemClock, flags.get("host") ?? "", readTls(flags)];
  const logger = createLogger({ level: "info", clock });
  if (tls === undefined && !isLoopback(host) && !flags.has("insecure-http")) {
    throw flagError(`--host ${host} is not a loopback address: set --tls-cert and --tls-key, or --insecure-http`);
  }
  const keyFile = flags.get("key-file");
  const backup = backupOf(flags);
  const core = new Core({
    dataDir: flags.get("data") ?? "",
    host,
    port: portOf(flags),
    heartbeatTimeoutMs: durationFlag(flags, "heartbeat-timeout"),
    clock,
    logger,
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(backup === undefined ? {} : { backup }),
    ...(tls === undefined ? {} : { tls }),
  });
  const port = await core.start();
  const address = `${tls === undefined ? "http" : "https"}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  logger.info("listening", { address, version: VERSION });
  return {
    stop: async () => {
      logger.info("stopping");
      await core.stop();
    },
  };
});

function portOf(flags: FlagValues): number {
  const port = Number(flags.get("port"));
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw flagError("--port: expected a number from 0 to 65535");
  return port;
}

function backupOf(flags: FlagValues): CoreBackupOptions | undefined {
  const directory = flags.get("backup-dir");
  const [schedule = "", keep] = [flags.get("backup-schedule"), Number(flags.get("backup-keep"))];
  if (directory === undefined) return undefined;
  const problem = scheduleProblem({ schedule, timeZone: null });
  if (problem !== undefined) throw flagError(`--backup-schedule: ${problem.message}`);
  if (!Number.isInteger(keep) || keep < 1 || keep > 1000) {
    throw flagError("--backup-keep: expected a number from 1 to 1000");
  }
  return { directory, schedule, keep };
}

function readTls(flags: FlagValues): { cert: string; key: string } | undefined {
  const [cert, key] = [flags.get("tls-cert"), flags.get("tls-key")];
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw flagError("--tls-cert and --tls-key must be set together");
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      throw flagError(`cannot read ${path}: ${messageOf(error)}`);
    }
  };
  const tls = { cert: read(cert), key: read(key) };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw flagError(`--tls-cert and --tls-key are not a PEM certificate and its key: ${messageOf(error)}`);
  }
  return tls;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
