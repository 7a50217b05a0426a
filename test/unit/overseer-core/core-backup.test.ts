import { copyFileSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/logger.js";
import { CoreBackup } from "../../../src/overseer-core/operations/core-backup.js";
import { Database } from "../../../src/overseer-core/store/database.js";
import { migrate } from "../../../src/overseer-core/store/schema.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { CoreRig, list } from "./rig.js";

describe("a backup of a Core", () => {
  let core: CoreRig;
  let directory: string;
  beforeEach(async () => {
    core = await CoreRig.start({ backups: true });
    directory = join(core.folder.path, "backups");
  });
  afterEach(() => core.remove());

  it("is made while it is written to, contains every confirmed write, and can be started from", async () => {
    const node = await core.node("one");
    const app = await core.app("shop");
    await core.post("/api/secrets", { name: "password", value: "canary" });
    await core.post(`/api/apps/${app}/deploy`);
    await core.end(String((await core.claim(node))?.job?.id), node.token);
    await core.post(`/api/apps/${app}/restore`, { snapshot: "latest" });
    const { cursor } = (await core.get("/api/changes")).body;
    const writes: Promise<unknown>[] = [];
    for (let one = 0; one < 30; one++) writes.push(core.app(`app-${one}`));
    const { status, body } = await core.post("/api/backups/core");
    expect(status, JSON.stringify(body)).to.equal(201);
    await Promise.all(writes);
    await core.app("later");
    await core.close();
    for (const name of ["core.db", "core.db-wal", "core.db-shm"]) rmSync(join(core.dataDir, name), { force: true });
    copyFileSync(String(body.file), join(core.dataDir, "core.db"));
    await core.open();
    const names = list((await core.get("/api/apps")).body.apps).map(({ name }) => String(name));
    expect(names).to.include("shop").and.not.include("later");
    const full = (await core.get(`/api/changes?since=${cursor}`)).body;
    expect(full.full, "followers read everything again").to.equal(true);
    const jobs = list((await core.get("/api/jobs")).body.jobs);
    const restore = jobs.find(({ type }) => String(type) === "restore");
    expect(restore).to.include({ status: "failed", error: "the Core was restored from a backup: start it again" });
    // The secret can be decrypted with the key that stayed.
    const secret = list((await core.get("/api/secrets")).body.secrets)[0];
    expect((await core.call("PUT", `/api/secrets/${secret?.id}`, { value: "canary" })).body.message).to.equal(
      "nothing changed",
    );
  });

  it("replaces what a crash has left, and the oldest ones", async () => {
    writeFileSync(join(directory, "core-20260101T000000000Z.db.new"), "half");
    writeFileSync(join(directory, "notes.txt"), "mine");
    for (let one = 0; one < 4; one++) expect((await core.post("/api/backups/core")).status).to.equal(201);
    const names = readdirSync(directory).sort();
    expect(names.filter((name) => name.endsWith(".db"))).to.have.length(3);
    expect(names.filter((name) => !name.endsWith(".db"))).to.deep.equal(["notes.txt"]);
  });

  it("that cannot be written says why, and the Core goes on", async () => {
    rmSync(directory, { recursive: true });
    writeFileSync(directory, "a file");
    const { status, body } = await core.post("/api/backups/core");
    expect(status).to.equal(409);
    expect(body.detail).to.match(/^cannot back up the Core to \S+backups: /);
    await core.app("shop");
  });
});

describe("the data of an earlier Core", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await makeTemporaryFolder("overseer-core-upgrade-");
  });
  afterEach(() => folder.remove());

  it("is upgraded with its apps, policies and jobs", async () => {
    const path = join(folder.path, "core.db");
    const old = Database.open(path);
    migrate(old, 5);
    const at = "2026-01-01T00:00:00.000Z";
    old.execute(`
      INSERT INTO apps (id, name, compose, version, status, metadata, created_at, updated_at, revision)
        VALUES ('a', 'shop', 'services: {}', 1, 'running', '{}', '${at}', '${at}', 1);
      INSERT INTO backup_policies (id, name, app_id, enabled, schedule, retention_days, metadata, created_at, updated_at, revision)
        VALUES ('p', 'nightly', 'a', 1, '0 3 * * *', 7, '{}', '${at}', '${at}', 2);
      INSERT INTO jobs (id, type, status, app_id, placed, app, payload, created_at, updated_at, revision)
        VALUES ('j', 'deploy', 'completed', 'a', 'a', 'shop', '{"app":"shop","version":1}', '${at}', '${at}', 3);
      UPDATE state SET revision = 3, changed = 3;
    `);
    old.close();
    const database = Database.open(path);
    migrate(database);
    const row = (sql: string) => database.query<Record<string, unknown>>(sql).get();
    expect(row("SELECT backup FROM apps")).to.deep.include({ backup: null });
    expect(row("SELECT * FROM backup_policies")).to.deep.include({ time_zone: null, stop: 0, pre_hooks: "[]" });
    expect(row("SELECT * FROM jobs")).to.deep.include({ lane: "deploy", status: "completed" });
    const options = { directory: join(folder.path, "backups"), schedule: "0 2 * * *", keep: 3 };
    const copy = await new CoreBackup(database, options, systemClock, silentLogger).run();
    expect(existsSync(copy)).to.equal(true);
    database.close();
  });
});
