import { expect } from "chai";
import type { CoreView } from "../../../../src/api/rest/cores.js";
import { CORE_RECORDS } from "../../../../src/destinations/overseer/state/core-records.js";
import { CoreState } from "../../../../src/destinations/overseer/state/core-state.js";
import { coreList } from "../../../../src/server/internal/cores.js";
import type { Readable } from "../../../../src/server/rest/identity/reading-rights.js";
import { visibleCores, visiblePart } from "../../../../src/server/rest/routes/cores.js";

const AT = "2027-01-01T00:00:00.000Z";
const owner = (app: string) => ({ "overseer-gitops": { app, instance: "i", document: "d", content: "c" } });

function state(): CoreState {
  const known = new CoreState();
  const put = (kind: "app" | "node" | "job", record: object): void =>
    known.put(kind, CORE_RECORDS[kind].parse({ revision: 1, createdAt: AT, updatedAt: AT, ...record }) as never);
  const node = { ipAddress: null, version: "1.2", runner: "docker", lastHeartbeat: AT, problem: null };
  put("node", { ...node, id: "n1", name: "a", hostname: "a", status: "online", config: { labels: { disk: "ssd" } } });
  put("node", { ...node, id: "n2", name: "b", hostname: "b", status: "offline", config: null });
  const compose = "services:\n  web: { image: 'shop:1', environment: { PASSWORD: canary } }\n  db: {}\n";
  const service = { container: "c", exitCode: null, lastLine: null };
  put("app", {
    ...{ id: "a1", name: "shop", description: null, domain: null, compose, version: 3, status: "error", nodeId: "n1" },
    metadata: owner("team/shop"),
    observed: {
      version: 2,
      services: [
        { ...service, name: "web", state: "exited", exitCode: 1, lastLine: "no such table" },
        { ...service, name: "db", state: "running", image: "db:1@sha256:0a" },
      ],
      drift: ["web: image"],
    },
  });
  put("app", { id: "a2", name: "other", compose, version: 1, status: "running", nodeId: "n1", metadata: owner("x/y") });
  put("app", { id: "a3", name: "manual", compose, version: 1, status: "stopped", nodeId: null, metadata: {} });
  put("job", { id: "j1", type: "deploy", status: "failed", nodeId: "n1", appId: "a1", error: "exit code 1" });
  return known;
}

const may = (...apps: readonly string[]): Readable => ({
  includes: (namespace, name) => apps.includes(`${namespace}/${name}`),
  knows: () => true,
  signature: apps.join(),
});

describe("The list of Cores", () => {
  const list = (...problems: readonly (string | undefined)[]): CoreView[] =>
    coreList(
      problems.map((problem, index) => ({
        access: { url: "https://core.example.com" },
        apps: new Set([index === 0 ? "team/shop" : "x/y"]),
        follower: {
          state: problem === undefined ? state() : new CoreState(),
          problem: problem === undefined ? undefined : ({ message: problem } as never),
        },
      })),
    ).items;

  it("lists nodes with problems first, and of apps no document, only images and states", () => {
    const [core] = list(undefined);
    expect(core?.nodes.map(({ name, status, lastSeen }) => [name, status, lastSeen])).to.deep.equal([
      ["b", "offline", AT],
      ["a", "online", undefined],
    ]);
    const node = core?.nodes[1];
    expect(node?.labels).to.deep.equal({ disk: "ssd" });
    const shop = node?.apps.find(({ name }) => name === "shop");
    expect(shop).to.deep.include({ app: "team/shop", version: 3, running: 2, problem: "exit code 1" });
    expect(shop?.services[0]).to.deep.include({
      name: "web",
      image: "shop:1",
      state: "exited",
      lastLine: "no such table",
    });
    expect(shop?.services[1]?.image, "as the agent reports it").to.equal("db:1@sha256:0a");
    expect(core?.unplaced.map(({ name }) => name)).to.deep.equal(["manual"]);
    expect(JSON.stringify(core)).not.to.include("canary");
  });

  it("describes a Core once, by a connection that is current, or says why none is", () => {
    const seen = visibleCores(list("the token was refused", undefined), may("team/shop", "x/y"));
    expect(seen.map(({ usedBy, problem }) => [usedBy, problem])).to.deep.equal([[["team/shop", "x/y"], undefined]]);
    expect(list("the token was refused")[0]).to.deep.include({ problem: "the token was refused", nodes: [] });
  });

  it("shows those who have only an app with a wrong token nothing of the Core at its URL", () => {
    const [core, ...more] = visibleCores(list("the token was refused", undefined), may("team/shop"));
    expect(more).to.deep.equal([]);
    expect(core).to.deep.include({ usedBy: ["team/shop"], problem: "the token was refused", nodes: [], unplaced: [] });
  });

  it("shows users the apps that they may read and the number of others, and no Core of others", () => {
    const [core] = list(undefined);
    if (core === undefined) throw new Error("no Core");
    const [seen] = visiblePart(core, may("team/shop"));
    const node = seen?.nodes.find(({ name }) => name === "a");
    expect([node?.apps.map(({ name }) => name), node?.hidden]).to.deep.equal([["shop"], 1]);
    expect(seen?.unplaced).to.deep.equal([]);
    expect(visiblePart(core, may("x/y"))).to.deep.equal([]);
    const [all] = visiblePart(core, { ...may(), includes: () => true, signature: "*" });
    expect(all).to.deep.equal(core);
  });
});
