import { expect } from "chai";
import { OWNERSHIP_KEY } from "../../../../../src/destinations/overseer/ownership-record.js";
import { SecretRecord } from "../../../../../src/destinations/overseer/state/core-records.js";
import { CoreState } from "../../../../../src/destinations/overseer/state/core-state.js";
import { app, job, news, node, route, stateOf } from "../samples.js";

const NONE = new Set<string>();
const ours = (name: string) => ({ [OWNERSHIP_KEY]: { app: name, instance: "i", document: "d", content: "c" } });

describe("the picture of a Core", () => {
  it("finds records by id and by name", () => {
    const state = stateOf({ app: [app()], node: [node()], route: [route()] });
    expect(state.appNamed("web")?.id).to.equal("a1");
    expect(state.nodeNamed("node-1")?.id).to.equal("n1");
    expect(state.routeNamed("web.example.com/")?.id).to.equal("r1");
    expect(state.byId("app", "a1")?.name).to.equal("web");
    expect(state.appNamed("other")).to.equal(undefined);
  });

  it("drops records that a full read omits, but not those that a partial read omits", () => {
    const state = stateOf({ app: [app(), app({ id: "a2", name: "two" })] });
    state.take(news({ app: [app({ revision: 2 })] }, false), NONE);
    expect(state.appNamed("two")?.id).to.equal("a2");
    state.take(news({ app: [app({ revision: 2 })] }), NONE);
    expect(state.appNamed("two")).to.equal(undefined);
  });

  it("releases the old name of a renamed app", () => {
    const state = stateOf({ app: [app()] });
    state.take(news({ app: [app({ name: "new", revision: 2 })] }, false), NONE);
    expect(state.appNamed("web")).to.equal(undefined);
    expect(state.appNamed("new")?.id).to.equal("a1");
  });

  it("finds a route by its path in any case, and another one with the name when it is deleted", () => {
    const [first, second] = [route({ path: "/Admin" }), route({ id: "r2", path: "/admin" })];
    const state = stateOf({ route: [first, second] });
    expect(state.routeNamed("web.example.com/admin")?.id).to.equal("r1");
    state.take(news({ route: [second] }), NONE);
    expect(state.routeNamed("web.example.com/admin")?.id).to.equal("r2");
  });

  it("ignores older revisions", () => {
    const state = stateOf({ app: [app({ revision: 5, compose: "new" })] });
    state.take(news({ app: [app({ revision: 4, compose: "old" })] }, false), NONE);
    expect(state.appNamed("web")?.compose).to.equal("new");
  });

  it("does not restore records that were deleted during a read", () => {
    const state = stateOf({ app: [app()] });
    state.remove("app", "a1");
    state.take(news({ app: [app({ revision: 1 })] }), NONE);
    expect(state.appNamed("web")).to.equal(undefined);
  });

  it("keeps records that were written during a read, without revisions", () => {
    const plain = { revision: undefined };
    const state = stateOf({ app: [app({ ...plain, compose: "before" })] });
    state.put("app", app({ ...plain, compose: "written" }));
    state.take(news({ app: [app({ ...plain, compose: "before" })] }), new Set(["a1"]));
    expect(state.appNamed("web")?.compose).to.equal("written");
    state.take(news({ app: [] }), new Set(["a1"]));
    expect(state.appNamed("web")?.compose).to.equal("written");
  });

  it("returns the affected apps: the previous and the new owner", () => {
    const state = stateOf({ app: [app({ metadata: ours("shop/a") })] });
    const affected = state.take(news({ app: [app({ revision: 2, metadata: ours("shop/b") })] }, false), NONE);
    expect([...affected.apps].sort()).to.deep.equal(["shop/a", "shop/b"]);
    expect(affected.everyone).to.equal(false);
  });

  it("returns the users of a secret that was written here with the next read, once", () => {
    const record = {
      id: "s1",
      name: "db",
      scope: "global",
      scopeId: null,
      metadata: ours("shop/secrets"),
      revision: 1,
    };
    const secret = SecretRecord.parse(record);
    const uses = app({ metadata: ours("shop/a"), compose: "services: {web: {environment: {A: '${SECRET:db}'}}}" });
    const state = stateOf({ app: [uses] });
    state.put("secret", secret);
    expect([...state.take(news({}, false), NONE).apps]).to.deep.equal([]);
    state.put("secret", { ...secret, revision: 2 });
    expect([...state.take(news({}, false), NONE).apps].sort()).to.deep.equal(["shop/a", "shop/secrets"]);
    expect([...state.take(news({}, false), NONE).apps]).to.deep.equal([]);
  });

  it("returns the app of a job as affected", () => {
    const state = stateOf({ app: [app({ metadata: ours("shop/a") })] });
    expect([...state.take(news({ job: [job()] }, false), NONE).apps]).to.deep.equal(["shop/a"]);
  });

  it("affects all apps for new, deleted and unowned records", () => {
    const empty = new CoreState();
    expect(empty.take(news({ node: [node()] }), NONE).everyone).to.equal(true);
    const state = stateOf({ app: [app()] });
    expect(state.take(news({ app: [app({ revision: 2 })] }, false), NONE).everyone).to.equal(true);
    expect(state.take(news({}), NONE).everyone).to.equal(true);
  });

  it("affects no app for unchanged records", () => {
    const state = stateOf({ app: [app()], node: [node()] });
    const affected = state.take(news({ app: [app()], node: [node()] }), NONE);
    expect(affected.everyone).to.equal(false);
    expect(affected.apps.size).to.equal(0);
  });

  it("finds the newest job of an app, also after it is deleted", () => {
    const later = job({ id: "j2", createdAt: "2026-01-02T00:00:00Z" });
    const state = stateOf({ app: [app()], job: [later, job()] });
    expect(state.newestJob("a1")?.id).to.equal("j2");
    state.remove("job", "j2");
    expect(state.newestJob("a1")?.id).to.equal("j1");
  });

  it("knows which apps may use a secret", () => {
    const secret = (name: string, scope: "global" | "app" | "node", scopeId: string | null) =>
      SecretRecord.parse({ id: name, name, scope, scopeId });
    const state = stateOf({
      secret: [secret("g", "global", null), secret("a", "app", "a1"), secret("n", "node", "n1")],
    });
    expect(state.hasSecret("g", undefined, undefined)).to.equal(true);
    expect(state.hasSecret("a", "a1", undefined)).to.equal(true);
    expect(state.hasSecret("a", "a2", "a1")).to.equal(false);
    expect(state.hasSecret("n", "a1", "n1")).to.equal(true);
    expect(state.hasSecret("n", "n1", undefined)).to.equal(false);
    expect(state.hasSecret("x", "a1", "n1")).to.equal(false);
  });
});
