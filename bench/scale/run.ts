import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { appSetTable, measureAppSet } from "./app-set.js";
import { measureScale } from "./measure-scale.js";
import { scaleTable, shardsTable, soakTable, workloadTable } from "./scale-table.js";
import { servedTable } from "./served-requests.js";
import { measureShards } from "./shards.js";
import { measureSoak } from "./soak.js";
import { measureServed, measureWorkloads } from "./workloads.js";

const USAGE = `Usage: npm run bench:scale -- [options]

  --apps N,N,…    estates of so many apps, one after the other (default 10,100,1000)
  --objects N     ConfigMaps of each app (default 20)
  --idle SECONDS  how long an estate is left alone (default 60)
  --workloads     instead: apps of one Deployment each, which real controllers and a simulated node make healthy
  --requests      with --workloads: instead, who sends which requests during the cold sync, from the audit log
  --app-set       instead: an OverseerAppSet that makes so many apps
  --shards        instead: one process compared with two that divide four namespaces, and how long a shard is without a process
  --profile DIR   with --workloads: take CPU profiles of the operator into DIR
  --soak MINUTES  instead: keep 100 apps busy for so long, and look at memory and connections each minute
  --step MS       with --soak: a commit and a change by hand so far apart (default 2000)
  --json FILE     also write everything to FILE
`;

/** Says how far the bench is; the tables alone go to stdout. */
function progress(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}

function number(text: string, what: string, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new TypeError(`${what} takes a number from 1 to ${most}`);
}

async function main(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      apps: { type: "string", default: "10,100,1000" },
      objects: { type: "string", default: "20" },
      idle: { type: "string", default: "60" },
      workloads: { type: "boolean" },
      requests: { type: "boolean" },
      "app-set": { type: "boolean" },
      shards: { type: "boolean" },
      profile: { type: "string" },
      soak: { type: "string" },
      step: { type: "string", default: "2000" },
      json: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const save = async (result: unknown): Promise<void> => {
    if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
  };
  if (values.soak !== undefined) {
    const soak = await measureSoak(
      number(values.soak, "--soak", 24 * 60),
      number(values.step, "--step", 60_000),
      progress,
    );
    await save(soak);
    process.stdout.write(`${soakTable(soak)}\n`);
    return;
  }
  const sizes = values.apps.split(",").map((text) => number(text, "--apps", values.shards ? 20_000 : 1000));
  if (values.shards) {
    const runs = [];
    for (const apps of sizes) {
      const [objects, idle] = [number(values.objects, "--objects", 20_000), number(values.idle, "--idle", 3600)];
      runs.push(await measureShards(apps, objects, idle, progress));
      await save(runs);
    }
    process.stdout.write(`${runs.map(shardsTable).join("\n\n")}\n`);
    return;
  }
  if (values["app-set"]) {
    for (const apps of sizes) process.stdout.write(`${appSetTable(await measureAppSet(apps))}\n`);
    return;
  }
  if (values.workloads && values.requests) {
    for (const apps of sizes) process.stdout.write(`${servedTable(await measureServed(apps), apps)}\n`);
    return;
  }
  if (values.workloads) {
    const runs = [];
    for (const apps of sizes) {
      runs.push(await measureWorkloads(apps, values.profile));
      progress(JSON.stringify(runs.at(-1)));
      await save(runs);
    }
    process.stdout.write(`${workloadTable(runs)}\n`);
    return;
  }
  const runs = [];
  for (const apps of sizes) {
    runs.push(
      await measureScale(apps, number(values.objects, "--objects", 20_000), number(values.idle, "--idle", 3600)),
    );
    progress(JSON.stringify(runs.at(-1)));
    await save(runs);
  }
  process.stdout.write(`${scaleTable(runs)}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
}
