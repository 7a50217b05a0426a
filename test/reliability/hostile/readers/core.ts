import { CoreRig } from "../../../unit/overseer-core/rig.js";
import { FakeLogger } from "../../../unit/support/fake-logger.js";
import { CANARY, type HostileReader, type ReaderGroup } from "../reader.js";
import { check } from "./response.js";

const CORE_PATHS = [
  "apps",
  "routes",
  "secrets",
  "nodes/register",
  "tokens",
  "backup-policies",
  "jobs/claim",
  "changes",
  "audit",
];
const CORE_BODIES = [
  { name: "shop", compose: "services:\n  web:\n    image: nginx:1\n", metadata: { a: "b" } },
  { name: "db", value: CANARY, valueTag: "t", metadata: {} },
  { name: "one", hostname: "one.example.com", version: "1", runner: "simulated" },
  { domain: "shop.example.com", appId: "x", service: "web", port: 80 },
  { name: "t", role: "reader" },
  { nodeId: "x", schedule: "0 2 * * *", retention: { daily: 7 } },
];

/** A real Core in this process, over HTTP. */
export async function coreReaders(): Promise<ReaderGroup> {
  const rig = await CoreRig.start({ logger: new FakeLogger() });
  const call = async (method: string, path: string, body?: unknown): Promise<void> => {
    const headers = {
      authorization: `Bearer ${rig.admin}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const response = await fetch(`${rig.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : (JSON.stringify(body) ?? "null") }),
    });
    check(`${method} ${path}`, response.status, await response.text());
  };
  const readers: HostileReader[] = [
    {
      name: "core-bodies",
      weight: 0.6,
      secret: true,
      samples: CORE_BODIES,
      words: ["services: {}", "a/b", "*", "app", "compose"],
      read: (body: unknown, random) =>
        call(random.pick(["POST", "POST", "PUT"]), `/api/${random.pick(CORE_PATHS)}`, body),
    },
    {
      name: "core-texts",
      weight: 0.2,
      secret: true,
      samples: CORE_BODIES.map((body) => JSON.stringify(body)),
      read: (body: string, random) => call("POST", `/api/${random.pick(CORE_PATHS)}`, body),
    },
    {
      name: "core-queries",
      weight: 0.3,
      samples: ["limit=10&after=abc&name=shop", "since=5&wait=0"],
      words: ["limit=-1", "limit=1e9", "%00", "&", "after="],
      read: (query: string, random) =>
        call(
          "GET",
          `/api/${random.pick(CORE_PATHS)}?${encodeURI(query.replace(/[\ud800-\udfff]/g, "")).replace(/wait=\d+/g, "wait=0")}`,
        ),
    },
  ];
  return { readers, stop: () => rig.remove() };
}
