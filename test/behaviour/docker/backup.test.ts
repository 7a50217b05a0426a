import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { CoreJob } from "../../../src/api/core/job.js";
import { hasDockerAndBusybox } from "../../../tools/docker/docker.js";
import { runCommand } from "../../../tools/run-command.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { DockerBench, FOREVER, shell } from "../../support/docker-bench.js";
import { type Outcome, runOverseer } from "../../support/overseer-cli.js";
import { addPostgres, hasPostgres, postgresService } from "../../support/postgres-image.js";
import { hasRestic, ResticGate } from "../../support/restic-gate.js";

const PASSWORD = "canary-of-the-repository";

describe("Backups of Docker apps (needs root, dockerd, busybox and restic)", function () {
  this.timeout(240_000);
  let bench: DockerBench;
  let folder: TemporaryFolder;
  let gate: ResticGate;
  before(async function () {
    if (!hasDockerAndBusybox() || !hasRestic()) return this.skip();
    folder = await makeTemporaryFolder("overseer-backup-");
    gate = await ResticGate.make(folder.path);
    bench = await DockerBench.start([], (env) => gate.env(env));
    for (const [name, value] of [
      ["RESTIC_REPOSITORY", join(folder.path, "repository")],
      ["RESTIC_PASSWORD", PASSWORD],
    ]) {
      await bench.call("POST", "/api/secrets", { name: `backup.${name}`, value });
    }
  });
  after(async () => {
    await bench?.stop();
    await folder?.remove();
  });

  const cli = async (...args: string[]): Promise<Outcome> => {
    const access = ["--core", bench.core.url, "--core-token-file", join(bench.core.dataDir, "admin-token")];
    const outcome = await runOverseer(["core", ...args, ...access]);
    if (outcome.code !== 0) throw new Error(`overseer core ${args.join(" ")}: ${outcome.stdout}${outcome.stderr}`);
    return outcome;
  };
  /** A service with a named volume and the directory of its app. */
  const service = (rest: Record<string, unknown> = {}): Record<string, unknown> => ({
    db: shell(FOREVER, { volumes: ["db:/data", "./files:/files"], restart: "no", ...rest }),
  });
  const deploy = async (app: string, rest: Record<string, unknown> = {}): Promise<void> => {
    expect((await bench.deployed(app, service(rest), { volumes: { db: {} } })).error).to.equal(null);
  };
  const sh = async (app: string, script: string): Promise<string> =>
    (await bench.docker.run("exec", await bench.container(app, "db"), "sh", "-c", script)).trim();
  const start = async (app: string, verb: string, body: unknown = {}): Promise<string> => {
    const { id } = (await bench.appNamed(app)) ?? { id: "" };
    return (await bench.call<{ job: CoreJob }>("POST", `/api/apps/${id}/${verb}`, body)).job.id;
  };
  const restored = async (app: string, snapshot: string): Promise<CoreJob> =>
    bench.ended(await start(app, "restore", { snapshot }));
  const policy = async (app: string, how: Record<string, unknown>): Promise<void> => {
    const appId = (await bench.appNamed(app))?.id;
    const body = { name: app, appId, schedule: "0 2 29 2 *", retentionDays: 7, ...how };
    await bench.call("POST", "/api/backups/policies", body);
  };
  const removeVolumes = async (app: string): Promise<boolean> => {
    const names = (await bench.docker.run("volume", "ls", "--quiet", "--filter", `name=${app}-`)).trim();
    if (names !== "") await bench.docker.run("volume", "rm", ...names.split("\n"));
    return true;
  };
  const running = async (app: string): Promise<void> => {
    await waitUntil({ what: `${app} runs`, timeoutMs: 60_000 }, async () => {
      const containers = await bench.containers(app);
      return containers.length === 1 && containers.every((line) => line.endsWith(" running"));
    });
  };

  it("store volumes and the app's directory, and bring them back after all of it was destroyed", async () => {
    await deploy("wiki");
    await sh("wiki", "echo page >/data/page; ln -s page /data/link; echo picture >/files/picture");
    expect((await cli("backup", "wiki")).stdout).to.match(
      /^wiki: backup [0-9a-f]{8} of \d+ B is stored and verified\n$/,
    );
    const { id, backup } = (await bench.appNamed("wiki")) ?? {};
    const snapshot = backup?.snapshots[0]?.id ?? "";
    expect((await cli("backups", "wiki")).stdout).to.match(
      new RegExp(`^APP +ID +AGE +SIZE +NODE +STATE\nwiki +${snapshot.slice(0, 8)} +\\d+s +\\d+ B +node-1 +complete\n$`),
    );
    expect(backup?.problem).to.equal(null);
    expect(backup?.snapshots.map((one) => `${one.id} ${one.node}`)).to.deep.equal([`${snapshot} node-1`]);
    expect(Date.parse(backup?.lastSuccess ?? "")).to.be.greaterThan(Date.now() - 240_000);
    await sh("wiki", "rm /files/picture");
    await bench.call("DELETE", `/api/apps/${id}`);
    await waitUntil({ what: "wiki is removed", timeoutMs: 60_000 }, async () => {
      return (await bench.containers("wiki")).length === 0;
    });
    await waitUntil({ what: "its volume is removed", timeoutMs: 60_000 }, () => removeVolumes("wiki"));
    await deploy("wiki");
    expect(await sh("wiki", "ls /data /files; echo broken >/data/other")).to.equal("/data:\n\n/files:");
    expect((await cli("restore", "wiki", "--yes")).stdout).to.match(/^wiki is restored: /);
    expect(await sh("wiki", "cat /data/link /files/picture; ls /data")).to.equal("page\npicture\nlink\npage");
  });

  it("of a Postgres under writes are consistent, as files and as a dump", async function () {
    if (!hasPostgres()) return this.skip();
    await bench.docker.busybox("postgres:1", [], addPostgres);
    const services = { db: postgresService("postgres:1") };
    const job = await bench.deployed("pg", services, { volumes: { data: {}, dump: {} } });
    expect(job.error).to.equal(null);
    const dump = { service: "db", command: ["pg_dump", "--format=custom", "--file=/dump/app.dump"] };
    await policy("pg", { stop: true, preHooks: [dump] });
    const query = (sql: string, database = "postgres") => sh("pg", `psql -d ${database} -Atc "${sql}"`);
    const counts = (database?: string) =>
      query("SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b)", database).then((line) =>
        line.split("|").map(Number),
      );
    await query("CREATE TABLE a (n serial); CREATE TABLE b (n serial)");
    const write = "BEGIN; INSERT INTO a DEFAULT VALUES; SELECT pg_sleep(0.005); INSERT INTO b DEFAULT VALUES; COMMIT";
    const loop = `while psql -qAtc "${write}" >/dev/null; do :; done`;
    await bench.docker.run("exec", "--detach", await bench.container("pg", "db"), "sh", "-c", loop);
    const written = async () => (await counts())[0] ?? 0;
    await waitUntil({ what: "rows are written", timeoutMs: 60_000 }, async () => (await written()) > 3);
    const before = await written();
    expect((await cli("backup", "pg")).code).to.equal(0);
    await query("DELETE FROM a; DROP TABLE b");
    const { stdout } = await cli("restore", "pg", "--yes");
    expect(stdout).to.match(/^pg is restored: /);
    await waitUntil({ what: "the server answers", timeoutMs: 60_000 }, async () => (await counts()).length === 2);
    const [a = 0, b] = await counts();
    expect(a).to.equal(b).and.to.be.at.least(before);
    await query("CREATE DATABASE copy");
    await sh("pg", "pg_restore --dbname=copy /dump/app.dump");
    const [inDump = 0, other] = await counts("copy");
    expect(inDump, "the dump is a moment earlier").to.equal(other).and.to.be.within(before, a);
  });

  it("keep the password out of arguments, logs and files", async () => {
    expect(await gate.calls())
      .to.include("backup --json")
      .and.not.include(PASSWORD);
    expect((await bench.agent.log()) + (await bench.core.log())).to.not.include(PASSWORD);
    for (const path of [bench.agent.dataDir, bench.core.dataDir, join(folder.path, "repository")]) {
      const found = await runCommand("sh", ["-c", `grep -rl ${PASSWORD} ${path} || true`]);
      expect(found.trim()).to.equal("");
    }
  });

  it("run pre-hooks first, and fail with what a hook says", async () => {
    await deploy("hooks");
    const dump = { service: "db", command: ["sh", "-c", "echo dump >/data/dump"] };
    await policy("hooks", { preHooks: [dump, { service: "db", command: ["sh", "-c", "echo no space; exit 3"] }] });
    const job = await bench.ended(await start("hooks", "backup"));
    expect(job.error).to.equal("the pre-hook of service db failed with code 3: no space");
    expect(await sh("hooks", "cat /data/dump")).to.equal("dump");
    const app = await bench.appNamed("hooks");
    expect(app?.backup).to.include({ problem: job.error, lastSuccess: null });
    expect(app?.status).to.equal("running");
  });

  it("start an app again that was stopped for a backup, when restic is killed", async () => {
    await deploy("stops");
    await policy("stops", { stop: true });
    await sh("stops", "echo kept >/data/kept");
    await gate.hold("backup");
    const id = await start("stops", "backup");
    process.kill(await gate.held("backup"), "SIGKILL");
    expect((await bench.ended(id)).error).to.equal("restic backup was killed: check the memory of the node");
    await running("stops");
  });

  it("stop an app while its data is copied, and start it again even after a crash", async () => {
    const before = await bench.containers("stops");
    await gate.hold("backup");
    const id = await start("stops", "backup");
    await gate.held("backup");
    expect((await bench.containers("stops"))[0]).to.match(/ exited$/);
    await bench.core.kill();
    await bench.docker.kill();
    await bench.agent.kill();
    await bench.agent.start();
    await bench.docker.restart();
    // Neither the Core nor the repository is needed for that.
    await running("stops");
    expect(await bench.containers("stops")).to.deep.equal(before);
    await bench.core.start();
    await gate.release("backup");
    expect((await bench.ended(id)).error).to.equal(null);
    expect(await bench.containers("stops")).to.deep.equal(before);
  });

  it("are made again if containers run while their data is copied", async () => {
    await gate.hold("backup");
    const id = await start("stops", "backup");
    await gate.held("backup");
    await bench.docker.run("start", await bench.container("stops", "db"));
    await gate.release("backup");
    expect((await bench.ended(id)).error).to.equal(null);
    const lines = (await bench.log(id)).split("\n").filter((line) => line.startsWith("[docker] copying"));
    expect(lines).to.have.length(2);
    await running("stops");
  });

  it("are restored completely when the agent is killed meanwhile", async () => {
    await sh("stops", "echo newer >/data/kept");
    await gate.hold("restore");
    const id = await start("stops", "restore", { snapshot: "latest" });
    await gate.held("restore");
    expect(await sh("stops", "cat /data/kept")).to.equal("newer");
    await bench.agent.kill();
    await gate.release("restore");
    await bench.agent.start();
    expect((await bench.ended(id)).error).to.equal(null);
    await running("stops");
    expect(await sh("stops", "cat /data/kept")).to.equal("kept");
    const left = await runCommand("find", [bench.docker.dataRoot, "-name", ".overseer-*"]);
    expect(left.trim()).to.equal("");
  });

  it("refuse what cannot be restored before anything stops", async () => {
    const absent = await restored("wiki", "0123456789abcdef");
    expect(absent.error).to.match(
      /^the repository has no backup 0123456789abcdef of wiki: the newest are [0-9a-f]{8} of /,
    );
    const id = /the newest are (\S+)/.exec(absent.error ?? "")?.[1] ?? "";
    await bench.deployed("wiki", { web: shell(FOREVER) });
    const before = await bench.containers("wiki");
    await bench.docker.run(
      "volume",
      "rm",
      (await bench.docker.run("volume", "ls", "-q", "--filter", "name=wiki-")).trim(),
    );
    const job = await restored("wiki", id);
    expect(job.error).to.equal(
      `the app has no volume db, which backup ${id} contains: deploy the version that has them first; the backup is of version 1`,
    );
    expect(await bench.containers("wiki")).to.deep.equal(before);
  });

  it("never lead a mount elsewhere by a symbolic link that was stored", async () => {
    const mounting = async (...volumes: string[]): Promise<void> => {
      expect((await bench.deployed("links", { db: shell(FOREVER, { volumes }) })).error).to.equal(null);
    };
    await mounting(".:/all");
    await sh("links", `mkdir /all/inner; ln -s ${folder.path} /all/sub`);
    expect((await cli("backup", "links")).code).to.equal(0);
    await sh("links", "rm /all/sub");
    await mounting();
    await mounting("./sub:/sub");
    expect((await restored("links", "latest")).error).to.match(
      /^a container of the app mounts \S+\/links\/sub, which leads elsewhere with the content of backup /,
    );
    await running("links");
    expect(await sh("links", "ls /sub")).to.equal("");
  });

  it("bring back a volume that binds a directory in that of the app", async () => {
    const device = join(bench.agent.dataDir, "apps", "links", "inner");
    const services = { db: shell(FOREVER, { volumes: ["inner:/inner", "./outer:/outer"] }) };
    const volumes = { inner: { driver_opts: { type: "none", o: "bind", device } } };
    expect((await bench.deployed("links", services, { volumes })).error).to.equal(null);
    await sh("links", "echo a >/inner/file; echo b >/outer/file");
    expect((await cli("backup", "links")).code).to.equal(0);
    await sh("links", "rm /inner/file /outer/file");
    expect((await restored("links", "latest")).error).to.equal(null);
    expect(await sh("links", "cat /inner/file /outer/file")).to.equal("a\nb");
  });

  it("are never stored in a new repository where the old one is missing", async () => {
    const repository = join(folder.path, "repository");
    await runCommand("mv", [repository, `${repository}-unmounted`]);
    const job = await bench.ended(await start("stops", "backup"));
    expect(job.error).to.match(
      /^the repository does not exist, although backups were stored in it: check that its disk/,
    );
    expect(existsSync(repository)).to.equal(false);
    await runCommand("mv", [`${repository}-unmounted`, repository]);
  });

  it("say that the repository is damaged, and keep the time of the last good one", async () => {
    const before = (await bench.appNamed("stops"))?.backup?.lastSuccess;
    const damage = 'for file; do printf DAMAGED | dd of="$file" bs=1 seek=10 conv=notrunc 2>/dev/null; done';
    const packs = join(folder.path, "repository", "data");
    await runCommand("find", [packs, "-type", "f", "-exec", "sh", "-c", damage, "sh", "{}", "+"]);
    const job = await bench.ended(await start("stops", "backup"));
    expect(job.error).to.match(/^the repository is damaged, its backups may be unusable \(restic check\): /);
    const backup = (await bench.appNamed("stops"))?.backup;
    expect(backup?.problem).to.equal(job.error);
    expect(backup?.lastSuccess).to.equal(before);
    await running("stops");
  });
});
