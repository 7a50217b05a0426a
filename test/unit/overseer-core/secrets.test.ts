import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { FakeLogger } from "../support/fake-logger.js";
import { CoreRig, list } from "./rig.js";

const CANARY = "canary-4711-of-a-secret";

describe("secrets of a Core", () => {
  let core: CoreRig;
  const logger = new FakeLogger();
  before(async () => {
    core = await CoreRig.start({ logger });
  });
  after(() => core.remove());

  it("are shown without their values, changed and deleted", async () => {
    const made = await core.post("/api/secrets", { name: "db", value: CANARY, description: "of the database" });
    expect(made.status).to.equal(201);
    const path = made.headers.get("location") ?? "";
    expect(made.body.secret).to.include({ name: "db", scope: "global", scopeId: null });
    expect((await core.call("PUT", path, { description: "of the database", value: CANARY })).etag, "the same").to.equal(
      made.etag,
    );
    expect((await core.call("PUT", path, { description: "of the database" })).etag, "no value: it stays").to.equal(
      made.etag,
    );
    expect((await core.call("PUT", path, { value: `${CANARY}-2` })).etag).not.to.equal(made.etag);
    expect((await core.post("/api/secrets", { name: "db", value: "x" })).status).to.equal(409);
    expect((await core.call("DELETE", path)).status).to.equal(204);
  });

  it("give their value to the agent whose job refers to them, and to nobody else", async () => {
    const node = await core.node("one");
    const [shop, other] = [
      await core.app("shop", { compose: doc("global", "own", "node", "$${SECRET:not}") }),
      await core.app("x"),
    ];
    const make = async (name: string, fields: object = {}) =>
      String((await core.post("/api/secrets", { name, value: `${CANARY}-${name}`, ...fields })).body.secret?.id);
    const ids = {
      global: await make("global"),
      own: await make("own", { scope: "app", scopeId: shop }),
      shadowed: await make("own"),
      node: await make("node", { scope: "node", scopeId: node.id }),
      foreign: await make("foreign", { scope: "app", scopeId: other }),
      not: await make("not"),
    };
    const value = (id: string, token?: string | null) =>
      core.post(`/api/secrets/${id}/value`, undefined, token === undefined ? {} : { token });
    expect((await value(ids.global, node.token)).status, "no job yet").to.equal(403);
    await core.post(`/api/apps/${shop}/deploy`);
    expect((await value(ids.global, node.token)).status, "not claimed yet").to.equal(403);
    const work = await core.claim(node);
    expect(list(work?.secrets)).to.deep.equal([
      { name: "global", id: ids.global },
      { name: "node", id: ids.node },
      { name: "own", id: ids.own },
    ]);
    for (const name of ["global", "own", "node"] as const) {
      expect((await value(ids[name], node.token)).body.value, name).to.equal(`${CANARY}-${name}`);
    }
    for (const name of ["shadowed", "foreign", "not"] as const) {
      expect((await value(ids[name], node.token)).status, name).to.equal(403);
    }
    const two = await core.node("two");
    for (const token of [undefined, await core.token("reader", "reader"), two.token]) {
      expect((await value(ids.global, token)).status).to.equal(403);
    }
    expect((await value(ids.global, null)).status).to.equal(401);
    await core.end(String(work?.job?.id), node.token);
    expect((await value(ids.global, node.token)).status, "the job has ended").to.equal(403);
  });

  it("are refused in a scope that is not there", async () => {
    const refused = [{ scope: "app" }, { scope: "node", scopeId: "x" }, { scope: "global", scopeId: "x" }];
    for (const fields of refused) {
      const { status, field } = await core.post("/api/secrets", { name: "s", value: CANARY, ...fields });
      expect([status, field]).to.deep.equal([400, "scopeId"]);
    }
  });

  it("leave no value in an answer, a log or a file, not even when what was sent is wrong", async () => {
    const broken = [
      `{"name": "s", "value": "${CANARY}`,
      JSON.stringify({ name: "s", value: [CANARY] }),
      JSON.stringify({ name: CANARY.toUpperCase().repeat(5), value: CANARY, scope: CANARY }),
      JSON.stringify({ name: "big", value: CANARY.repeat(4000) }),
    ];
    const texts: string[] = [];
    for (const body of broken) {
      const answer = await core.post("/api/secrets", body);
      expect(answer.status).to.equal(400);
      texts.push(JSON.stringify(answer.body));
    }
    for (const path of ["/api/secrets", "/api/audit?limit=1000", "/api/changes", "/api/jobs", "/openapi.json"]) {
      texts.push(JSON.stringify((await core.get(path)).body));
    }
    texts.push(JSON.stringify(logger.lines));
    for (const text of texts) expect(text.toLowerCase()).not.to.include(CANARY);
    expect(await filesWith(core), "while it runs the log of the database is there, too").to.deep.equal([]);
    const audit = list((await core.get("/api/audit?limit=1000")).body.events).map(({ action }) => action);
    expect(audit).to.include.members(["secret.create", "secret.update", "secret.delete", "secret.read"]);
  });

  it("cannot be read with another key, nor without one", async () => {
    await core.close();
    const path = join(core.dataDir, "core.key");
    const { mode } = statSync(path);
    expect(mode & 0o777).to.equal(0o600);
    expect(statSync(join(core.dataDir, "admin-token")).mode & 0o777).to.equal(0o600);
    const key = readFileSync(path, "utf8");
    const { writeFileSync, unlinkSync } = await import("node:fs");
    writeFileSync(path, `${"ab".repeat(32)}\n`);
    await expectCode(core.open(), "CORE_KEY_WRONG");
    unlinkSync(path);
    await expectCode(core.open(), "CORE_KEY_WRONG");
    writeFileSync(path, key, { mode: 0o600 });
    await core.open();
  });

  it("with credentials of registries are given to the agent, but not to a document that refers to them", async () => {
    const node = await core.node("pulls");
    const ids: string[] = [];
    for (const name of ["image-pull.hub", "image-pull.ghcr"])
      ids.push(String((await core.post("/api/secrets", { name, value: CANARY })).body.secret?.id));
    const app = await core.app("puller", { compose: doc("image-pull.hub"), nodeId: node.id });
    await core.post(`/api/apps/${app}/deploy`);
    const work = await core.claim(node);
    expect(list(work?.secrets).map(({ name }) => name)).to.deep.equal(["image-pull.ghcr"]);
    await core.end(String(work?.job?.id), node.token);
    for (const id of ids) await core.call("DELETE", `/api/secrets/${id}`);
  });

  it("from an encrypted file are given to jobs of its app only, and to no secret-reader", async () => {
    const node = await core.node("files");
    const own = "bill.ENV_FILE.web.DB";
    const { secret } = (await core.post("/api/secrets", { name: own, value: CANARY })).body;
    const path = `/api/secrets/${String(secret?.id)}/value`;
    for (const [name, expected] of [
      ["bill", [own]],
      ["thief", []],
      ["bill.env_file.web", []],
    ] as const) {
      const app = await core.app(name, { compose: doc(own), nodeId: node.id });
      await core.post(`/api/apps/${app}/deploy`);
      const work = await core.claim(node);
      expect(
        list(work?.secrets).map((one) => one.name),
        name,
      ).to.deep.equal(expected);
      expect((await core.post(path, undefined, { token: node.token })).status, name).to.equal(
        expected.length > 0 ? 200 : 403,
      );
      await core.end(String(work?.job?.id), node.token);
    }
    const token = await core.token("stores", "secret-reader");
    const { status, body } = await core.post(path, undefined, { token });
    expect([status, body.detail]).to.deep.equal([
      403,
      `the secret ${own} is of an encrypted env_file, and its value is returned to the agent of its app only: store what others use under another name`,
    ]);
  });
});

/** A document that refers to secrets. */
function doc(...names: string[]): string {
  const text = names.map((name) => (name.includes("{") ? name : `\${SECRET:${name}}`)).join(" ");
  return `services:\n  web:\n    image: nginx:1\n    command: "${text}"\n`;
}

async function expectCode(promise: Promise<unknown>, code: string): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect((error as { code?: string } | undefined)?.code).to.equal(code);
}

/** Files of a Core's data that hold the canary. They are read while SQLite has its lock on them: this test takes no other. */
async function filesWith(core: CoreRig): Promise<string[]> {
  const names = readdirSync(core.dataDir);
  expect(names).to.include("core.db-wal");
  return names.filter((name) => readFileSync(join(core.dataDir, name)).includes(CANARY));
}
