import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { EXIT } from "../../../src/cli/exit-codes.js";
import { formatBytes } from "../../../src/cli/verbs/core/backups.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { type Outcome, runOverseer } from "../../support/overseer-cli.js";
import { CoreRig } from "../overseer-core/rig.js";

const PROGRAM = join(repositoryRoot(), "build/src/cli/main.js");

describe("overseer core", function () {
  this.timeout(60_000);
  let core: CoreRig;
  let one: { readonly id: string; readonly token: string };
  before(async () => {
    core = await CoreRig.start();
    one = await core.node("one");
    for (const [name, compose] of [
      ["web", "services: {web: {image: x}}"],
      ["db", "services: {db: {image: x, volumes: ['data:/d']}}\nvolumes: {data: {}}"],
    ] as const) {
      const id = await core.app(name, { compose });
      await core.post(`/api/apps/${id}/deploy`);
      await core.end(String((await core.claim(one))?.job?.id), one.token);
    }
    await core.node("two");
    await writeFile(join(core.folder.path, "token"), core.admin);
  });
  after(() => core.remove());

  const run = (...args: string[]): Promise<Outcome> => {
    const direct = ["--core", core.url, "--core-token-file", join(core.folder.path, "token")];
    return runOverseer(["core", ...args, ...direct], { program: PROGRAM });
  };

  it("drains a node: names what moves and what stays, and asks first", async () => {
    const dry = await run("drain", "one", "--dry-run");
    expect(dry.stdout.replaceAll(/ +/g, " ")).to.equal(
      'APP WHAT HAPPENS DATA WHY\nweb moves to two <none>\ndb stays volume data its data is on one: back it up, deploy it to another node with {"leaveData": true}, and restore the backup there\n',
    );
    const asked = await run("drain", "one");
    expect(asked.code).to.equal(EXIT.usage);
    expect(asked.stderr).to.include(
      "Drain one: it accepts no deployments any more, and 1 app is stopped on it and started elsewhere; what is only in their containers is lost? Nothing was done",
    );
    expect((await run("nodes")).stdout).to.match(/^one +online +2 /m);
    const done = await run("drain", "one", "--yes");
    expect(done.stdout).to.include("node one is drained: 1 to move, 1 to stay");
    expect(done.stderr).to.include("1 app is still on one, until the machine stops: db");
    expect((await run("nodes")).stdout).to.match(/^one +online, drained +1 /m);
    expect((await run("apps")).stdout).to.match(/^web +deploying +two +1 /m);
    expect((await run("undrain", "one")).stdout).to.equal("node one accepts deployments again\n");
  });

  it("lists services as their node reported them, and prints the log of a job", async () => {
    const image = `nginx:1@sha256:${"ab".repeat(32)}`;
    const base = { name: "web", container: "web-1", image };
    const services = [{ ...base, state: "exited", exitCode: 3, lastLine: "no disk \u001b[2J" }];
    const observed = { version: 1, services, drift: ["service web was edited"] };
    const report = { problem: null, apps: [{ app: "db", observed, redeploy: false }] };
    expect((await core.post(`/api/nodes/${one.id}/report`, report, { token: one.token })).status).to.equal(204);
    const { stdout, stderr } = await run("services", "db");
    expect(stdout.replaceAll(/ +/g, " ")).to.equal(
      "APP SERVICE STATE NODE IMAGE LAST LINE\ndb web exited (3) one nginx:1@sha256:abababababab no disk \ufffd[2J\n",
    );
    expect(stderr).to.include("db differs from what was deployed: service web was edited");
    expect(JSON.parse((await run("services", "-o", "json")).stdout)).to.have.length(1);

    const { jobs } = (await core.get("/api/jobs")).body as unknown as {
      jobs: { payload: { app: string }; appId: string }[];
    };
    const appId = jobs.find(({ payload }) => payload.app === "db")?.appId;
    const { job } = (await core.post(`/api/apps/${appId}/deploy`)).body;
    await core.claim(one);
    const log = (from: number, lines: string[]) =>
      core.post(`/api/jobs/${job?.id}/logs`, { from, lines }, { token: one.token });
    await log(0, ["pulling \u001b[2J", "starting"]);
    const now = await run("logs", "db");
    expect([now.code, now.stdout]).to.deep.equal([EXIT.done, "pulling \ufffd[2J\nstarting\n"]);
    expect(now.stderr).to.include("the deploy of db is running: --follow waits for its end");
    const following = run("logs", "db", "--follow");
    await log(2, ["failing"]);
    await core.end(String(job?.id), one.token, { status: "failed", error: "no space" });
    const followed = await following;
    expect([followed.code, followed.stdout]).to.deep.equal([EXIT.failed, "pulling \ufffd[2J\nstarting\nfailing\n"]);
    expect(followed.stderr).to.include("the deploy of db failed: no space");
    expect((await run("logs", "db", "--job", "nope")).stderr).to.include("db has no job nope");
  });

  it("names the backup and what is overwritten before it restores", async () => {
    const { code, stderr } = await run("restore", "db");
    expect(code).to.equal(EXIT.usage);
    expect(stderr).to.include("Restore db from backup latest, which the Core does not list?");
    expect(stderr).to.include("The volumes and files of the app on one that the backup contains are overwritten");
    expect((await run("backups")).stderr).to.include("db has no backup");
  });

  it("restores the backup that the question names, and prints no Compose document", async () => {
    const { apps } = (await core.get("/api/apps")).body as unknown as {
      apps: { id: string; name: string; assignedNodeId: string }[];
    };
    const app = apps.find(({ name }) => name === "db");
    await core.post(`/api/apps/${app?.id}/backup`, {});
    const claim = async (): Promise<Record<string, unknown>> => {
      const body = { nodeId: one.id, lane: "data" };
      return (await core.post("/api/jobs/claim", body, { token: one.token })).body as never;
    };
    const id = "0123abcd".repeat(8);
    const snapshot = { id, time: "2026-05-01T03:00:00.000Z", incomplete: false, node: "one" };
    const result = { snapshot: id, sizeBytes: 7, snapshots: [snapshot], excluded: [] };
    const { job } = (await claim()) as { job: { id: string } };
    expect((await core.end(job.id, one.token, { status: "completed", result })).status).to.be.below(300);
    const { stdout } = await run("restore", "db", "--yes", "--no-wait");
    expect(stdout).to.match(/^restore of db started/);
    expect((await claim()).data).to.include({ snapshot: id });
    const listed = await run("apps", "-o", "json");
    expect(JSON.parse(listed.stdout)).to.have.length(2);
    expect(listed.stdout).not.to.include("services: {");
  });

  it("says what is wrong, with the remedy", async () => {
    const typo = await run("drain", "onee", "--yes");
    expect([typo.code, typo.stderr]).to.deep.equal([
      EXIT.notAllowed,
      'overseer: the Core has no node "onee": did you mean "one"?\n',
    ]);
    const alone = await runOverseer(["core", "nodes", "--core", core.url], { program: PROGRAM });
    expect(alone.stderr).to.include("--core needs --core-token-file");
    const plain = await runOverseer(
      ["core", "nodes", "--core", "http://core.example.com", "--core-token-file", join(core.folder.path, "token")],
      { program: PROGRAM },
    );
    expect(plain.stderr).to.include("the token is never sent over http:// to another machine");
    expect(plain.stderr).not.to.include(core.admin);
  });

  it("formats sizes", () => {
    expect([0, 512, 1536, 20 * 1024 ** 3].map(formatBytes)).to.deep.equal(["0 B", "512 B", "1.5 KiB", "20 GiB"]);
  });
});
