import { Readable } from "node:stream";
import { systemClock } from "../../../../src/base/clock.js";
import { HttpServer } from "../../../../src/http/server.js";
import { restRoutes } from "../../../../src/server/rest/api.js";
import { EventHub } from "../../../../src/server/rest/events/event-hub.js";
import { Streams } from "../../../../src/server/rest/events/streams.js";
import { Snapshots } from "../../../../src/server/rest/lists/snapshots.js";
import { mountRest } from "../../../../src/server/rest/mount.js";
import { RateLimits } from "../../../../src/server/rest/rate-limits.js";
import type { RestParts } from "../../../../src/server/rest/route.js";
import { app, change, repository } from "../../../unit/controllers/support/resources.js";
import { FakeLogger } from "../../../unit/support/fake-logger.js";
import type { HostileReader, ReaderGroup } from "../reader.js";
import { check, textOf } from "./response.js";

const kind = (name: string) => ({
  group: "x",
  version: "v1",
  kind: name,
  plural: `${name.toLowerCase()}s`,
  namespaced: true,
  verbs: new Set(),
  hasStatus: true,
});

/** An object that is an app, a Change and a repository: whatever a route reads. */
const OBJECT = {
  ...app("shop/web"),
  spec: { ...repository("shop/repo").spec, ...app("shop/web").spec, ...change("shop/web-1", "web").spec },
};

/** The REST API in this process, over HTTP, for a user whom an API server lets do everything. */
export async function restReaders(): Promise<ReaderGroup> {
  const empty = { get: () => undefined, values: () => [] };
  const nothing = { includes: () => false, knows: () => true, signature: "" };
  const parts = {
    clock: systemClock,
    users: {
      as: () => ({
        request: async () => ({ status: 200, warnings: [], body: OBJECT }),
        stream: async () => Readable.from([]),
      }),
    },
    rights: { readable: async () => nothing, can: async () => [] },
    resources: { app: kind("App"), change: kind("Change"), approval: kind("Approval"), repository: kind("Repository") },
    ...{ apps: empty, changes: empty, repositories: empty, kinds: { findAny: async () => undefined } },
    ...{
      snapshots: new Snapshots(systemClock),
      hub: new EventHub(),
      streams: new Streams(),
      version: () => "0",
      sessions: undefined,
      stillSignedIn: async () => {},
      programVersion: "0",
      plans: { planFor: async () => ({ planHash: "0", complete: true, actions: [] }) },
    },
  } as unknown as RestParts;
  const routes = restRoutes(parts).filter(({ path }) => !/events|logs|cores|audit|documents/.test(path));
  const server = new HttpServer({
    host: "127.0.0.1",
    port: 0,
    addressFlags: "",
    clock: systemClock,
    logger: new FakeLogger(),
  });
  const sizes = { user: { burst: 1e9, perSecond: 1e9 }, refused: { burst: 1e9, perSecond: 1e9 } };
  const authenticate = async (token: string) => ({
    name: "eve",
    groups: [],
    signedInBy: "token" as const,
    credential: { kind: "token" as const, token },
  });
  mountRest(server, routes, {
    tokens: { authenticate },
    sessions: undefined,
    limits: new RateLimits(systemClock, sizes),
  });
  const url = `http://127.0.0.1:${await server.start()}`;
  const call = async (
    input: { body?: unknown; query?: unknown; name?: unknown },
    random: Parameters<HostileReader["read"]>[1],
  ): Promise<void> => {
    const { method, path } = random.pick(routes);
    const name = encodeURIComponent(textOf(input.name ?? "web").replace(/[\ud800-\udfff]/g, "")).slice(0, 300) || "x";
    const query = encodeURI(textOf(input.query ?? "").replace(/[\ud800-\udfff]/g, "")).slice(0, 2_000);
    const target = `${path.replaceAll(/:\w+/g, name)}?${query}`;
    const hasBody = method !== "GET" && method !== "DELETE";
    const headers = { authorization: "Bearer good", ...(hasBody ? { "content-type": "application/json" } : {}) };
    const response = await fetch(`${url}${target}`, {
      method,
      headers,
      redirect: "manual",
      ...(hasBody ? { body: JSON.stringify(input.body) ?? "null" } : {}),
    });
    check(`${method} ${path}`, response.status, await response.text());
  };
  const readers: HostileReader[] = [
    {
      name: "rest-requests",
      weight: 0.6,
      samples: [
        {
          name: "web",
          query: "limit=10&q=health:degraded&sort=-changed",
          body: { objects: [{ kind: "ConfigMap", name: "a" }], reason: "x" },
        },
        { name: "web", query: "apiVersion=v1&kind=ConfigMap&namespace=shop&name=web", body: { key: "a", value: "b" } },
        { name: "web-1", query: "after=x", body: { decision: "Approve", planHash: "h" } },
        { name: "a", query: "", body: { url: "https://git.example.com/a.git", provider: "github", token: "t" } },
        {
          name: "a",
          query: "",
          body: {
            status: "firing",
            alerts: [{ labels: { namespace: "shop", app: "web" }, startsAt: "2026-01-01T00:00:00Z" }],
          },
        },
      ],
      words: ["..", "%2e", "/", "limit=0", "sort=", "q=", "*"],
      read: (input: unknown, random) => call(Object(input) as object, random),
    },
  ];
  return { readers, stop: () => server.stop() };
}
