import { request as send } from "node:http";
import { systemClock } from "../../src/base/clock.js";
import { OperatorProcess } from "../../test/support/operator-process.js";
import { configMap, World } from "../../test/support/world.js";
import { significant } from "../statistics.js";
import { formatTable } from "../table.js";

const STREAMS = 500;
const PER_USER = 8;
const RATE = 200;
const SECONDS = Number(process.argv[2] ?? 20);
const APPS = 50;
const PATHS = ["/whoami", "/apps?limit=50", "/changes", "/sync-status", "/repositories"] as const;

/** `node build/bench/rest/load.js [SECONDS]`: 500 event streams and 200 requests a second against one replica of the role api, while 50 apps sync. */
async function main(): Promise<void> {
  const world = await World.create("load");
  const api = await OperatorProcess.start({
    kubeconfigPath: world.controlPlane.kubeconfigPath,
    flags: ["--roles=api", "--api-address=127.0.0.1:0"],
  });
  try {
    const repo = await world.repository("web", { "c.yaml": configMap("web", { a: "1" }) });
    for (let index = 0; index < APPS; index++) await world.app(`web-${index}`, "web", ".");
    const tokens = await Promise.all(
      Array.from({ length: Math.ceil(STREAMS / PER_USER) }, (_, index) => userToken(world, `user-${index}`)),
    );
    const base = `${await api.api()}/api/gitops`;
    if (process.argv.includes("--hold")) {
      console.log(`${base}\n${tokens[0]}`);
      await new Promise((resolve) => process.once("SIGINT", resolve));
    }
    const { streams, events } = await openStreams(base, tokens);
    const before = process.cpuUsage();
    // All apps sync meanwhile, so that every stream has something to say.
    await repo.commit({ "c.yaml": configMap("web", { a: "2" }) }, "next");
    const synced = world.poll("web");
    const times = await requests(base, tokens);
    await synced;
    const own = process.cpuUsage(before);
    const sorted = [...times.ok].sort((a, b) => a - b);
    const at = (share: number): string => String(significant(sorted[Math.floor(sorted.length * share)] ?? 0));
    console.log(
      formatTable(
        ["figure", "value"],
        [
          ["event streams open", String(streams.filter((stream) => !stream.destroyed).length)],
          ["events received", String(events())],
          ["requests answered with 200", String(sorted.length)],
          ["other answers", String(times.other)],
          ["p50 ms", at(0.5)],
          ["p99 ms", at(0.99)],
          ["worst ms", String(significant(sorted.at(-1) ?? 0))],
          ["CPU s of the client", String(significant((own.user + own.system) / 1e6))],
        ],
      ),
    );
    for (const stream of streams) stream.destroy();
  } finally {
    await api.remove();
    await world.remove();
  }
}

/** Returns a token of a new ServiceAccount that may read everything in the namespace. */
async function userToken(world: World, name: string): Promise<string> {
  const { kube, namespace } = world;
  const rbac = "rbac.authorization.k8s.io";
  await kube.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
  await kube.apply({
    ...{ apiVersion: `${rbac}/v1`, kind: "RoleBinding", metadata: { name, namespace } },
    roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  });
  const { body } = await kube.client.request<{ status: { token: string } }>({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
    body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 3600 } },
  });
  return body.status.token;
}

type Stream = NodeJS.ReadableStream & { destroyed: boolean; destroy(): void };

/** Opens event streams, and counts what they receive. */
async function openStreams(
  base: string,
  tokens: readonly string[],
): Promise<{ readonly streams: readonly Stream[]; readonly events: () => number }> {
  let events = 0;
  const open = (token: string): Promise<Stream> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const call = send(`${base}/events?topics=apps,changes`, { headers, agent: false }, (response) => {
        if (response.statusCode !== 200) reject(new Error(`a stream got ${response.statusCode}`));
        response.on("data", (chunk: Buffer) => {
          events += chunk.toString("utf8").match(/^event: app/gm)?.length ?? 0;
        });
        response.on("error", () => {});
        resolve(response as unknown as Stream);
      });
      call.on("error", reject);
      call.end();
    });
  const streams: Stream[] = [];
  for (let index = 0; index < STREAMS; index++) streams.push(await open(tokens[Math.floor(index / PER_USER)] ?? ""));
  return { streams, events: () => events };
}

/** Sends requests at a fixed rate, whatever the answers take. Returns the milliseconds of each. */
async function requests(
  base: string,
  tokens: readonly string[],
): Promise<{ readonly ok: readonly number[]; readonly other: number }> {
  const ok: number[] = [];
  let other = 0;
  const pending: Promise<void>[] = [];
  const start = systemClock.monotonic();
  for (let index = 0; index < RATE * SECONDS; index++) {
    const wait = start + (index * 1000) / RATE - systemClock.monotonic();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    const began = systemClock.monotonic();
    const headers = { authorization: `Bearer ${tokens[index % tokens.length]}` };
    const path = PATHS[index % PATHS.length] ?? "";
    pending.push(
      fetch(`${base}${path}`, { headers })
        .then(async (response) => {
          await response.arrayBuffer();
          if (response.status === 200) ok.push(systemClock.monotonic() - began);
          else other++;
        })
        .catch(() => void other++),
    );
  }
  await Promise.all(pending);
  return { ok, other };
}

await main();
