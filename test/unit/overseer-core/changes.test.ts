import { expect } from "chai";
import { MAX_TOMBSTONES } from "../../../src/overseer-core/store/revisions.js";
import { eventually } from "../support/eventually.js";
import { FakeClock } from "../support/fake-clock.js";
import { COMPOSE, CoreRig, type Json, list } from "./rig.js";

const KINDS = ["apps", "routes", "backupPolicies", "nodes", "jobs", "secrets", "signInProviders"];

/** What a client knows of a Core that it only follows. */
class Follower {
  readonly known = new Map<string, Json>();
  cursor = "";

  take(changes: Json): void {
    if (changes.full as unknown) this.known.clear();
    for (const kind of KINDS) for (const item of list(changes[kind])) this.known.set(`${item.id}`, item);
    for (const { id } of list(changes.deleted)) this.known.delete(`${id}`);
    this.cursor = String(changes.cursor);
  }
}

describe("changes of a Core", () => {
  let core: CoreRig;
  const clock = new FakeClock();
  before(async () => {
    core = await CoreRig.start({ clock, heartbeatTimeoutMs: 86_400_000 });
  });
  after(() => core.remove());

  const changes = async (since?: string) =>
    (await core.get(`/api/changes${since === undefined ? "" : `?since=${since}`}`)).body;
  const wait = (tag: string | null, seconds: number, signal?: AbortSignal) =>
    core.get("/api/changes", {
      headers: { "if-none-match": tag ?? "", prefer: `respond-async, wait=${seconds}` },
      ...(signal === undefined ? {} : { signal }),
    });

  it("tell a follower all that there is, by parts alone", async () => {
    const follower = new Follower();
    follower.take(await changes());
    const node = await core.node("one");
    const app = await core.app("shop", { nodeId: node.id });
    const gone = await core.app("gone");
    await core.post("/api/secrets", { name: "s", value: "v" });
    await core.post("/api/sign-in-providers", { name: "corp", type: "simulated" });
    await core.post("/api/routes", {
      hostname: "a.example.com",
      target: "web:80",
      appId: app,
      middleware: { auth: "corp" },
    });
    await core.post("/api/backups/policies", { name: "p", schedule: "0 2 * * *", retentionDays: 1 });
    follower.take(await changes(follower.cursor));
    await core.call("DELETE", `/api/apps/${gone}`);
    await core.post(`/api/apps/${app}/deploy`);
    const work = await core.claim(node);
    await core.end(String(work?.job?.id), node.token);
    follower.take(await changes(follower.cursor));
    const fresh = new Follower();
    fresh.take(await changes());
    expect([...follower.known.values()].sort(byId)).to.deep.equal([...fresh.known.values()].sort(byId));
    expect(follower.known.size).to.equal(7);
    expect(follower.cursor).to.equal(fresh.cursor);
  });

  it("are all that there is for a cursor of another database, of the future, or that is none", async () => {
    const { cursor } = await changes();
    const [id, revision] = String(cursor).split("-");
    for (const strange of [`x${id}-1`, `${id}-${Number(revision) + 1}`, `${id}`, "", `${id}-1x`, `${id}--1`]) {
      expect((await changes(strange)).full, strange).to.equal(true);
    }
    expect(await changes(String(cursor))).to.deep.include({ full: false, apps: [], deleted: [] });
  });

  it("do not move for heartbeats and lines of a log", async () => {
    const node = await core.node("beating");
    const app = await core.app("logging", { nodeId: node.id });
    await core.post(`/api/apps/${app}/deploy`);
    const work = await core.claim(node);
    const { etag } = await core.get("/api/changes");
    const before = await core.get(`/api/nodes/${node.id}`);
    clock.advance(1000);
    await core.post(`/api/nodes/${node.id}/heartbeat`, undefined, { token: node.token });
    await core.post(`/api/jobs/${work?.job?.id}/logs`, { from: 0, lines: ["x"] }, { token: node.token });
    expect((await core.get("/api/changes")).etag).to.equal(etag);
    const after = await core.get(`/api/nodes/${node.id}`);
    expect(after.etag, "what is shown has changed").not.to.equal(before.etag);
    const headers = { "if-match": before.etag ?? "" };
    const put = await core.call("PUT", `/api/nodes/${node.id}/config`, { config: { description: "d" } }, { headers });
    expect(put.status, "the revision has not").to.equal(200);
  });

  it("are waited for, and told at once", async () => {
    const { etag } = await core.get("/api/changes");
    const waiting = wait(etag, 60);
    const timers = clock.timers.length;
    await eventually("the request waits", () => clock.timers.length > timers || undefined);
    const id = await core.app("news");
    const { status, body } = await waiting;
    expect(status).to.equal(200);
    expect(list(body.apps).map((app) => app.id)).to.include(id);
  });

  it("are not waited for longer than asked, and never longer than a minute", async () => {
    // The first look at backups sets when the next one of each app is due.
    clock.advance(15_000);
    for (const [asked, granted] of [
      [5, 5000],
      [9999, 60_000],
      [0, undefined],
    ] as const) {
      const { etag } = await core.get("/api/changes");
      const waiting = wait(etag, asked);
      if (granted !== undefined) {
        await eventually("the request waits", () => clock.timers.includes(granted) || undefined);
        clock.advance(granted);
      }
      const { status } = await waiting;
      expect(status, `wait=${asked}`).to.equal(304);
    }
  });

  it("do not go on being looked for when the client has left", async () => {
    const { etag } = await core.get("/api/changes");
    const leaving = new AbortController();
    const timers = clock.timers.length;
    const waiting = wait(etag, 30, leaving.signal).catch(() => undefined);
    await eventually("the request waits", () => clock.timers.length > timers || undefined);
    leaving.abort();
    await waiting;
    await eventually("the timer is gone", () => clock.timers.length === timers || undefined);
  });

  it("answer those who wait when the Core stops", async () => {
    const { etag } = await core.get("/api/changes");
    const timers = clock.timers.length;
    const waiting = wait(etag, 60);
    await eventually("the request waits", () => clock.timers.length > timers || undefined);
    const closed = core.close();
    expect((await waiting).status).to.equal(304);
    await closed;
    await core.open();
    expect((await core.get("/api/changes")).etag, "the cursor outlives a restart").to.equal(etag);
  });
});

describe("deletions that a Core remembers", () => {
  it("are bounded; who is further behind is told everything", async function () {
    this.timeout(120_000);
    const { Database } = await import("../../../src/overseer-core/store/database.js");
    const { migrate } = await import("../../../src/overseer-core/store/schema.js");
    const { Store } = await import("../../../src/overseer-core/store/store.js");
    const { Encryption } = await import("../../../src/overseer-core/encryption.js");
    const { makeTemporaryFolder } = await import("../../../tools/temporary-folder.js");
    const folder = await makeTemporaryFolder("overseer-core-test-");
    const database = Database.open(`${folder.path}/core.db`);
    migrate(database);
    const store = new Store(database, new Encryption(new Uint8Array(32)), new FakeClock());
    const early = store.changes(undefined).cursor;
    database.transaction(() => {
      store.apps.create({ name: "kept", compose: COMPOSE, nodeLabels: {}, metadata: {} });
    });
    const later = store.changes(undefined).cursor;
    database.transaction(() => {
      for (let count = 0; count < MAX_TOMBSTONES; count++) store.revisions.recordDeletion("app", `app-${count}`);
    });
    expect(store.changes(early)).to.include({ full: false });
    database.transaction(() => store.revisions.recordDeletion("app", "one more"));
    expect(store.changes(early).full, "one deletion since is forgotten").to.equal(true);
    expect(store.changes(later).full).to.equal(true);
    const full = store.changes(undefined);
    expect(full.apps.map(({ name }) => name)).to.deep.equal(["kept"]);
    expect(store.changes(full.cursor)).to.deep.include({ full: false, deleted: [] });
    database.close();
    await folder.remove();
  });
});

function byId(a: Json, b: Json): number {
  return `${a.id}` < `${b.id}` ? -1 : 1;
}
