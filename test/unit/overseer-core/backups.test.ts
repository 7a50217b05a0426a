import { readFileSync } from "node:fs";
import { expect } from "chai";
import { BACKUP_VARIABLES } from "../../../src/api/core/app-backup.js";
import { resticEnv, resticSecrets, unusedSecrets } from "../../../src/overseer-core/agent/backup/restic-env.js";
import { inStartOrder } from "../../../src/overseer-core/agent/docker/stopped-apps.js";
import { nextBackup, scheduleProblem } from "../../../src/overseer-core/operations/backup-schedule.js";
import { FakeClock } from "../support/fake-clock.js";
import { COMPOSE, CoreRig, list } from "./rig.js";

describe("schedules of backups", () => {
  const at = (text: string): number => Date.parse(text);

  it("follow the local time of their zone through daylight saving", () => {
    const berlin = { schedule: "30 2 * * *", timeZone: "Europe/Berlin" };
    expect(nextBackup(berlin, at("2026-01-10T00:00:00Z"))).to.equal(at("2026-01-10T01:30:00Z"));
    expect(nextBackup(berlin, at("2026-07-10T00:00:00Z"))).to.equal(at("2026-07-10T00:30:00Z"));
    // 2:30 does not exist on 2026-03-29, and exists twice on 2026-10-25.
    expect(nextBackup(berlin, at("2026-03-29T00:00:00Z"))).to.equal(at("2026-03-29T01:00:00Z"));
    const once = nextBackup(berlin, at("2026-10-24T22:00:00Z")) ?? 0;
    expect(nextBackup(berlin, once)).to.be.greaterThan(once + 23 * 3_600_000);
  });

  it("are refused with the field and the remedy", () => {
    expect(scheduleProblem({ schedule: "0 3 * * *", timeZone: null })).to.equal(undefined);
    expect(scheduleProblem({ schedule: "0 3 * * *", timeZone: "Mars/Base" })).to.deep.equal({
      field: "timeZone",
      message: 'timeZone "Mars/Base" is not a time zone: use an IANA name such as Europe/Berlin',
    });
    expect(scheduleProblem({ schedule: "99 3 * * *", timeZone: null })?.message).to.match(/is not a cron line of five/);
    expect(scheduleProblem({ schedule: "0 0 31 2 *", timeZone: null })?.message).to.match(/has no time in the future$/);
  });
});

describe("the environment of restic", () => {
  const of = (secrets: Record<string, string>) => resticEnv(new Map(Object.entries(secrets)));
  const REPOSITORY = { "backup.RESTIC_REPOSITORY": "rest:https://u:pass@h/", "backup.RESTIC_PASSWORD": "p" };

  it("contains the secrets of backups and no others", () => {
    const env = of({ ...REPOSITORY, "backup.AWS_ACCESS_KEY_ID": "id", other: "x" });
    expect(Object.keys(env)).to.deep.equal(["RESTIC_REPOSITORY", "RESTIC_PASSWORD", "AWS_ACCESS_KEY_ID"]);
    expect(resticSecrets(env)).to.deep.equal(["p", "id", "pass"]);
  });

  it("takes no variable that would run a program or read a file of the node", () => {
    const others = `PATH LD_PRELOAD RESTIC_PASSWORD_COMMAND RESTIC_PASSWORD_FILE RCLONE_CONFIG AWS_SHARED_CREDENTIALS_FILE AWS_CONFIG_FILE AWS_PROFILE AWS_WEB_IDENTITY_TOKEN_FILE RESTIC_FROM_REPOSITORY
      GOOGLE_APPLICATION_CREDENTIALS GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES AZURE_FORCE_CLI_CREDENTIAL`;
    for (const name of others.split(/\s+/)) {
      const secrets = { ...REPOSITORY, [`backup.${name}`]: "x" };
      expect(of(secrets), name).to.deep.equal(of(REPOSITORY));
      expect(unusedSecrets(new Map(Object.entries(secrets)))).to.deep.equal([`backup.${name}`]);
    }
  });

  it("may contain each variable that the documentation lists, and no other", () => {
    const rows = readFileSync("docs/app-backups.md", "utf8").split("\n").slice(0, 70);
    const variables = rows.filter((row) => row.startsWith("| ")).flatMap((row) => row.match(/`[A-Z0-9_]+`/g) ?? []);
    const names = variables.map((name) => name.slice(1, -1));
    expect(names)
      .to.include("AZURE_ACCOUNT_SAS")
      .and.have.members([...BACKUP_VARIABLES]);
  });

  it("names the secrets to create", () => {
    expect(() => of({ "backup.RESTIC_PASSWORD": " " })).to.throw(
      "no repository for backups is configured: create the secrets backup.RESTIC_REPOSITORY and backup.RESTIC_PASSWORD in the Core",
    );
  });
});

describe("containers that were stopped", () => {
  it("start after those that they depend on, also in a cycle", () => {
    const one = (service: string, ...dependsOn: string[]) => ({ service, dependsOn });
    const order = (...all: ReturnType<typeof one>[]) => inStartOrder(all).map(({ service }) => service);
    expect(order(one("web", "api"), one("api", "db", "cache"), one("cache"), one("db"))).to.deep.equal([
      "cache",
      "db",
      "api",
      "web",
    ]);
    expect(order(one("a", "b"), one("b", "a"))).to.have.members(["a", "b"]);
  });
});

describe("backups in a Core", () => {
  let core: CoreRig;
  let clock: FakeClock;
  let node: { readonly id: string; readonly token: string };
  let app: string;
  beforeEach(async () => {
    clock = new FakeClock(Date.parse("2026-05-01T00:00:00Z"));
    core = await CoreRig.start({ clock });
    node = await core.node("one");
    app = await core.app("shop");
    await core.post(`/api/apps/${app}/deploy`);
    await core.end(String((await core.claim(node))?.job?.id), node.token);
  });
  afterEach(() => core.remove());

  const policy = (body: Record<string, unknown> = {}) =>
    core.post("/api/backups/policies", { name: "nightly", schedule: "0 3 * * *", retentionDays: 7, ...body });
  const claimed = async () =>
    (await core.post("/api/jobs/claim", { nodeId: node.id, lane: "data" }, { token: node.token })).body;
  const state = async () => (await core.get(`/api/apps/${app}`)).body.app?.backup;
  const RESULT = { snapshot: "0123abcd", sizeBytes: 7, snapshots: [], excluded: ["volume nfs"] };
  const finish = async (body: Record<string, unknown>) => {
    const job = String((await claimed())?.job?.id);
    await core.post(`/api/jobs/${job}/end`, body, { token: node.token });
  };
  const pass = (hours: number): void => {
    for (let step = 0; step < hours * 2; step++) clock.advance(30 * 60_000);
  };

  it("start when they are due, once, and are recorded in the app", async () => {
    await policy({ stop: true, preHooks: [{ service: "web", command: ["dump"] }] });
    pass(2);
    expect((await claimed())?.job).to.equal(undefined);
    pass(2);
    const work = await claimed();
    expect(work?.data).to.deep.equal({
      mayCreate: true,
      retentionDays: 7,
      stop: true,
      preHooks: [{ service: "web", command: ["dump"] }],
      snapshot: null,
      now: new Date(clock.now()).toISOString(),
    });
    await finish({ status: "completed", result: RESULT });
    expect(await state()).to.include({ problem: null, sizeBytes: 7, next: "2026-05-02T03:00:00.000Z" });
    expect((await claimed())?.job).to.equal(undefined);
  });

  it("delete no earlier ones while no policy is enabled", async () => {
    const made = await policy({ retentionDays: 365 });
    const retention = async (): Promise<unknown> => {
      await core.post(`/api/apps/${app}/backup`);
      const work = await claimed();
      await core.post(
        `/api/jobs/${String(work?.job?.id)}/end`,
        { status: "completed", result: RESULT },
        { token: node.token },
      );
      return (work?.data as { retentionDays?: number } | undefined)?.retentionDays;
    };
    expect(await retention()).to.equal(365);
    const { policy: stored } = made.body as unknown as { policy: { id: string } };
    const disabled = { name: "nightly", schedule: "0 3 * * *", retentionDays: 365, enabled: false };
    const headers = { "if-match": String(made.etag) };
    const put = await core.call("PUT", `/api/backups/policies/${stored.id}`, disabled, { headers });
    expect(put.status).to.equal(200);
    expect(await retention()).to.equal(36_500);
  });

  it("are no deployments, run beside those of other apps, and never beside one of the same app", async () => {
    await core.post(`/api/apps/${app}/backup`);
    const other = await core.app("other");
    await core.post(`/api/apps/${other}/deploy`);
    await core.post(`/api/apps/${app}/deploy`);
    const backup = await claimed();
    expect(backup?.job?.type).to.equal("backup");
    const deployed = await core.claim(node);
    expect(deployed?.job?.appId).to.equal(other);
    await core.end(String(deployed?.job?.id), node.token);
    expect(await core.claim(node), "while the backup runs").to.equal(undefined);
    const jobs = list((await core.get("/api/changes")).body.jobs);
    expect(jobs.map(({ type }) => type)).to.not.include("backup");
    await finish({ status: "failed", error: "no space" });
    expect((await core.claim(node))?.job?.appId).to.equal(app);
    expect((await core.get(`/api/apps/${app}`)).body.app?.status).to.equal("deploying");
  });

  it("go on after the clock of the Core was ahead", async () => {
    const years = 4 * 365 * 24 * 3_600_000;
    await policy();
    clock.set(years);
    pass(1);
    await finish({ status: "completed", result: RESULT });
    clock.set(-years);
    pass(3);
    await finish({ status: "completed", result: RESULT });
    expect(await state()).to.include({ next: "2026-05-02T03:00:00.000Z", problem: null });
    pass(1);
    expect((await claimed())?.job, "once").to.equal(undefined);
  });

  it("that fail are repeated after an hour, and tell of it until one succeeds", async () => {
    await policy();
    pass(4);
    await finish({ status: "failed", error: "the disk is full" });
    expect(await state()).to.include({ problem: "the disk is full", lastSuccess: null });
    pass(2);
    await finish({ status: "completed", result: RESULT });
    expect(await state()).to.include({ problem: null });
  });

  it("that no agent takes are a problem after an hour", async () => {
    await policy();
    pass(6);
    expect((await state())?.problem).to.match(
      /^the backup of 2026-05-01T03:\S+ has not started: the node one is offline$/,
    );
  });

  it("that run on a node that is lost are a problem, and begin again on the next node of the app", async () => {
    await policy();
    pass(4);
    const lost = String((await claimed())?.job?.id);
    pass(2);
    expect((await state())?.problem).to.match(
      /^the backup of 2026-05-01T03:\S+ has not ended: the node one is offline$/,
    );
    await core.post(`/api/apps/${app}/restore`, { snapshot: "latest" });
    node = await core.node("two");
    const moved = await core.call("PUT", `/api/apps/${app}`, { compose: COMPOSE, nodeId: node.id });
    expect(moved.status).to.equal(200);
    await core.post(`/api/apps/${app}/deploy`);
    await core.end(String((await core.claim(node))?.job?.id), node.token);
    pass(1);
    const problem = "shop does not run on one any more, where this job was to run: repeat it on the present node";
    expect((await core.get(`/api/jobs/${lost}`)).body.job).to.include({ status: "failed", error: problem });
    pass(2);
    const work = await claimed();
    expect(work?.job).to.include({ type: "backup", nodeId: node.id });
    expect((await core.post(`/api/apps/${app}/restore`, { snapshot: "latest" })).status).to.equal(202);
  });

  it("of a node that is deleted are a problem of its apps", async () => {
    const two = await core.node("two");
    await policy();
    pass(4);
    expect((await claimed())?.job?.type).to.equal("backup");
    await core.call("PUT", `/api/apps/${app}`, { compose: COMPOSE, nodeId: two.id });
    expect((await core.call("DELETE", `/api/nodes/${node.id}?leaveApps=true`)).status).to.equal(204);
    expect((await state())?.problem).to.equal("the node one was deleted before the job ended");
    pass(2);
    expect((await state())?.problem).to.equal("the node that shop ran on was deleted: deploy the app to another node");
  });

  it("do not accept a secret that would have no effect", async () => {
    const { status, body } = await core.post("/api/secrets", { name: "backup.RESTIC_PASSWORD_FILE", value: "/x" });
    expect(status).to.equal(400);
    expect(body.detail).to.match(
      /^backup.RESTIC_PASSWORD_FILE is no setting of backups that is supported: use one such/,
    );
  });

  it("give their secrets to jobs with data only, never to a document that names them", async () => {
    const secrets = [
      ["backup.RESTIC_PASSWORD", "x"],
      ["backup.RESTIC_REPOSITORY", "/backups"],
      ["plain", "y"],
    ];
    for (const [name, value] of secrets) await core.post("/api/secrets", { name, value });
    const compose = `services: {web: {image: nginx, environment: {A: "\${SECRET:backup.RESTIC_PASSWORD} \${SECRET:plain}"}}}`;
    const update = await core.call("PUT", `/api/apps/${app}`, { compose });
    expect(update.status).to.equal(200);
    await core.post(`/api/apps/${app}/deploy`);
    const deployed = await core.claim(node);
    expect(list(deployed?.secrets).map(({ name }) => name)).to.deep.equal(["plain"]);
    await core.end(String(deployed?.job?.id), node.token);
    await core.post(`/api/apps/${app}/backup`);
    const work = await claimed();
    expect(list(work?.secrets).map(({ name }) => name)).to.deep.equal([
      "backup.RESTIC_PASSWORD",
      "backup.RESTIC_REPOSITORY",
    ]);
    for (const { id } of list(work?.secrets)) {
      expect((await core.post(`/api/secrets/${id}/value`, undefined, { token: node.token })).status).to.equal(200);
    }
  });

  it("may create a repository until one was stored in it, or its address changes", async () => {
    const { body } = await core.post("/api/secrets", { name: "backup.RESTIC_REPOSITORY", value: "/a" });
    const mayCreate = async () => {
      await core.post(`/api/apps/${app}/backup`);
      const may = (await claimed())?.data?.mayCreate;
      await finish({ status: "completed", result: RESULT });
      clock.advance(1000);
      return may;
    };
    expect(await mayCreate()).to.equal(true);
    expect(await mayCreate()).to.equal(false);
    await core.call("PUT", `/api/secrets/${body.secret?.id}`, { value: "/b" });
    expect(await mayCreate()).to.equal(true);
  });

  it("are restored after an earlier deployment of the app, and not before a later one", async () => {
    await core.post(`/api/apps/${app}/deploy`);
    expect((await core.post(`/api/apps/${app}/restore`, { snapshot: "latest" })).status).to.equal(202);
    expect((await claimed())?.job, "while the deployment waits").to.equal(undefined);
    const deployed = await core.claim(node);
    expect((await claimed())?.job, "while it runs").to.equal(undefined);
    await core.end(String(deployed?.job?.id), node.token);
    expect((await claimed())?.job?.type).to.equal("restore");
    await core.post(`/api/apps/${app}/deploy`);
    expect(await core.claim(node), "while the restore runs").to.equal(undefined);
  });

  it("of an app that runs nowhere, and a second restore, are refused", async () => {
    const other = await core.app("other");
    expect((await core.post(`/api/apps/${other}/backup`)).body.detail).to.equal(
      "other runs on no node: deploy it first",
    );
    const restore = () => core.post(`/api/apps/${app}/restore`, { snapshot: "latest" });
    expect((await restore()).status).to.equal(202);
    expect((await restore()).body.detail).to.match(/^the restore \S+ of shop has not ended: restore when it has$/);
    expect((await core.post(`/api/apps/${app}/restore`, { snapshot: "-x" })).field).to.equal("snapshot");
  });
});
