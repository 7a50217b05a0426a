import { parseArgs } from "node:util";
import { namedControlPlaneStatus, startNamedControlPlane, stopNamedControlPlane } from "./named-control-plane.js";

const USAGE = `usage: control-plane-cli start|stop|status [--name NAME]

start   starts a Kubernetes control plane on this machine that keeps running, or finds the one that runs
stop    ends it and removes its data
status  says what runs; exit code 1 when that is not all of it
`;

/** Runs one command; prints to stdout so that `eval "$(… start)"` sets KUBECONFIG. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { name: { type: "string", default: "demo" } },
  });
  const name = values.name;
  switch (positionals[0]) {
    case "start":
      return start(name);
    case "stop": {
      const stopped = await stopNamedControlPlane(name);
      process.stderr.write(stopped ? `control plane ${name} stopped\n` : `no control plane ${name} was running\n`);
      return 0;
    }
    case "status":
      return status(name);
    default:
      process.stderr.write(USAGE);
      return 2;
  }
}

async function start(name: string): Promise<number> {
  const controlPlane = await startNamedControlPlane(name);
  process.stdout.write(`export KUBECONFIG='${controlPlane.kubeconfigPath}'\n`);
  process.stdout.write(`# kubectl: ${controlPlane.kubectlPath}\n# helm: ${controlPlane.helmPath}\n`);
  return 0;
}

async function status(name: string): Promise<number> {
  const { phase, url, running } = await namedControlPlaneStatus(name);
  process.stdout.write(`control plane ${name}: ${phase}${url === undefined ? "" : ` at ${url}`}\n`);
  for (const [component, pid] of Object.entries(running)) process.stdout.write(`  ${component} (process ${pid})\n`);
  return phase === "running" ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  return 1;
});
