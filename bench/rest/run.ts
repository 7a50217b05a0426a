import type { OverseerApp } from "../../src/api/overseer-app.js";
import type { AppRow } from "../../src/api/rest/apps.js";
import { systemClock } from "../../src/base/clock.js";
import type { Identity } from "../../src/server/rest/identity/identity.js";
import { APP_COLUMNS, APP_FACETS, APP_KEYS, appListRow } from "../../src/server/rest/lists/app-row.js";
import { type ListKind, type ListRequest, windowOf } from "../../src/server/rest/lists/list.js";
import { asListed, type Listed } from "../../src/server/rest/lists/listed.js";
import { Snapshots } from "../../src/server/rest/lists/snapshots.js";
import { median, significant } from "../statistics.js";
import { formatTable } from "../table.js";

const APPS = Number(process.argv[2] ?? 10_000);
const ROUNDS = 40;
const USER: Identity = { name: "eve", groups: [], signedInBy: "token", credential: { kind: "token", token: "t" } };

/** `node build/bench/rest/run.js [APPS]`: times windows of 100 rows out of many apps in CPU milliseconds, with the JSON of the response. */
async function main(): Promise<void> {
  const before = process.memoryUsage().heapUsed;
  const apps = new Map(Array.from({ length: APPS }, (_, index) => listed(index)).map((one) => [one.spec.key, one]));
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

/** An app of a fleet in which one of twenty has a problem. */
function listed(index: number): Listed<AppRow> {
  const [namespace, name] = [`team-${index % 100}`, `web-${index}`];
  const broken = index % 20 === 0;
  const condition = (type: string, status: string) => ({
    ...{ type, status, reason: "X", message: "", lastTransitionTime: "2026-11-29T12:00:00Z" },
  });
  const app = {
    apiVersion: "gitops.overseer.io/v1alpha1",
    kind: "OverseerApp",
    metadata: { name, namespace, uid: String(index), resourceVersion: "1", generation: 1, labels: { team: namespace } },
    spec: {
      source: { repositoryRef: { name: `repository-${index % 50}` }, path: "." },
      destination: { kubernetes: {} },
      suspend: false,
    },
    status: {
      health: broken ? "Degraded" : "Healthy",
      conditions: [condition("Ready", broken ? "False" : "True"), condition("Synced", "True")],
      shortRevision: "main@sha1:1a2b3c4",
      message: broken ? "Deployment web has 1 of 3 pods" : "Applied main@sha1:1a2b3c4",
      counts: { objects: 20, healthy: 20 },
      change: { name: `${name}-7` },
    },
  } as unknown as OverseerApp;
  return asListed(app, appListRow);
}

await main();
