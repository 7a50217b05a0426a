import type { AppRow } from "../../src/api/rest/apps.js";
import { systemClock } from "../../src/base/clock.js";
import type { Identity } from "../../src/server/rest/identity/identity.js";
import { APP_COLUMNS, APP_FACETS, APP_KEYS } from "../../src/server/rest/lists/app-row.js";
import { type ListKind, type ListRequest, windowOf } from "../../src/server/rest/lists/list.js";
import { Snapshots } from "../../src/server/rest/lists/snapshots.js";
import { median, significant } from "../statistics.js";
import { formatTable } from "../table.js";
import { listedApp } from "./listed-app.js";

const APPS = Number(process.argv[2] ?? 10_000);
const ROUNDS = 40;
const USER: Identity = { name: "eve", groups: [], signedInBy: "token", credential: { kind: "token", token: "t" } };

/** `node build/bench/rest/run.js [APPS]`: times windows of 100 rows out of many apps in CPU milliseconds, with the JSON of the response. */
async function main(): Promise<void> {
  const before = process.memoryUsage().heapUsed;
  const apps = new Map(Array.from({ length: APPS }, (_, index) => listedApp(index)).map((one) => [one.spec.key, one]));
  globalThis.gc?.();
  const heap = process.memoryUsage().heapUsed - before;
  const kind: ListKind<AppRow> = {
    ...{ plural: "overseerapps" as const, keys: APP_KEYS, facets: APP_FACETS, columns: APP_COLUMNS, sort: "state" },
    source: { get: (key) => apps.get(key), values: () => apps.values() },
  };
  const readable = { includes: () => true, knows: () => true, signature: "*" };
  const parts = {
    rights: { readable: async () => readable },
    snapshots: new Snapshots(systemClock),
    version: () => "0",
  };
  const cases: readonly (readonly [string, ListRequest])[] = [
    ["first window, the worst first", {}],
    ["first window of a filter", { q: "health:degraded -ns:team-3 web" }],
    ["first window by name", { sort: "name" }],
  ];
  const rows: string[][] = [];
  for (const [name, request] of cases) rows.push(await measure(name, () => windowOf(parts, kind, USER, request)));
  const { snapshot } = await windowOf(parts, kind, USER, {});
  const next = { snapshot, offset: Math.floor(APPS / 2) };
  rows.push(await measure("window of a snapshot", () => windowOf(parts, kind, USER, next)));
  const bytesOf = async (request: ListRequest): Promise<number> => {
    const { items } = await windowOf(parts, kind, USER, request);
    return significant(JSON.stringify(items).length / items.length);
  };
  const [worst, usual] = [await bytesOf({}), await bytesOf({ sort: "name" })];
  console.log(formatTable(["window", "CPU ms", "worst CPU ms"], rows));
  console.log(
    `\n${APPS} apps; bytes per row: ${usual} by name, ${worst} for apps with a problem, which have a message`,
  );
  if (globalThis.gc) console.log(`${significant(heap / APPS)} bytes of heap per app`);
}

async function measure(name: string, work: () => Promise<unknown>): Promise<string[]> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS + 5; round++) {
    const start = process.cpuUsage();
    JSON.stringify(await work());
    const { user, system } = process.cpuUsage(start);
    // The first rounds warm up the compiler.
    if (round >= 5) times.push((user + system) / 1000);
  }
  return [name, String(significant(median(times))), String(significant(Math.max(...times)))];
}

await main();
