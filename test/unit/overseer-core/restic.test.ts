import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { isIncomplete, Restic, type Snapshot } from "../../../src/overseer-core/agent/backup/restic.js";
import { findSnapshot } from "../../../src/overseer-core/agent/docker/backup-manifest.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { hasRestic } from "../../support/restic-gate.js";
import { FakeClock } from "../support/fake-clock.js";

describe("a repository of restic (needs restic)", function () {
  this.timeout(120_000);
  let folder: TemporaryFolder;
  let restic: Restic;
  let paths: string[];
  let env: Record<string, string>;
  before(async function () {
    if (!hasRestic()) return this.skip();
    folder = await makeTemporaryFolder("overseer-restic-");
    const bin = join(folder.path, "bin");
    for (const path of [bin, join(folder.path, "data")]) mkdirSync(path);
    paths = [join(folder.path, "data")];
    env = { RESTIC_REPOSITORY: join(folder.path, "repository"), RESTIC_PASSWORD: "x", HOME: folder.path };
    const real = spawnSync("sh", ["-c", "command -v restic"]).stdout.toString().trim();
    // Fails as the file `fail-COMMAND` says, after the command has had its effect.
    const script = `#!/bin/sh\nfor word; do if [ -e ${folder.path}/fail-$word ]; then ${real} "$@"; . ${folder.path}/fail-$word; fi; done\nexec ${real} "$@"\n`;
    writeFileSync(join(bin, "restic"), script);
    chmodSync(join(bin, "restic"), 0o755);
    const path = `${bin}:${process.env.PATH}`;
    const options = { path, env: {}, cacheDir: join(folder.path, "cache"), node: "one", clock: new FakeClock() };
    restic = new Restic(options, env, AbortSignal.timeout(600_000));
    await restic.prepare(true, true);
  });
  beforeEach(async () => {
    for (const command of ["backup", "tag", "check"]) rmSync(join(folder.path, `fail-${command}`), { force: true });
  });
  after(() => folder?.remove());

  const fail = (command: string, how: string): void => writeFileSync(join(folder.path, `fail-${command}`), how);
  const failure = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "no error",
      (error: Error) => `${error.name}: ${error.message}`,
    );
  /** A backup of another time. */
  const made = (app: string, time: string, ...tags: string[]): void => {
    const marks = [`overseer-app=${app}`, ...tags].flatMap((tag) => ["--tag", tag]);
    const args = ["backup", "--quiet", "--host", "one", "--time", time, ...marks, ...paths];
    expect(spawnSync("restic", args, { env: { ...process.env, ...env } }).status).to.equal(0);
  };
  const latest = async (): Promise<Snapshot> => findSnapshot(restic, "shop", "latest", "one");
  const states = async (app: string): Promise<string[]> =>
    (await restic.snapshots(app)).map((one) => (isIncomplete(one) ? "incomplete" : one.time.slice(0, 10)));

  it("has complete backups only once they are verified, whatever fails before", async () => {
    const first = await restic.backup("shop", paths);
    expect(await failure(latest())).to.match(/^BackupError: the repository has no backup latest of shop/);
    const kept = await restic.keep("shop", first.id, 7);
    expect((await latest()).short_id).to.equal(kept);
    fail("backup", "exit 3");
    fail("tag", "exit 11");
    expect(await failure(restic.backup("shop", paths))).to.match(/^BackupError: some files could not be read, so that/);
    expect((await latest()).short_id).to.equal(kept);
    expect((await states("shop"))[0]).to.equal("incomplete");
  });

  it("keeps the newest three complete backups, and forgets nothing when a clock was wrong", async () => {
    for (const day of [1, 2]) made("wiki", `2020-01-0${day} 12:00:00`);
    made("wiki", "2020-01-03 12:00:00", "overseer-incomplete");
    await restic.backup("wiki", paths);
    await restic.keep("wiki", (await restic.backup("wiki", paths)).id, 7);
    const kept = await states("wiki");
    expect(kept.slice(1)).to.deep.equal(["incomplete", "2020-01-02", "2020-01-01"]);
    made("wiki", "2199-01-01 12:00:00");
    const { id } = await restic.backup("wiki", paths);
    expect(await failure(restic.keep("wiki", id, 7))).to.match(
      /^BackupError: backup [0-9a-f]{8} has the time 2199-01-01T12:00:00\S*, which is after .*: correct the clock of the/,
    );
    expect(await states("wiki"))
      .to.include.members(kept)
      .and.to.have.length(6);
  });

  it("is not called damaged when it cannot be verified", async () => {
    fail("check", "echo connection refused >&2; exit 1");
    expect(await failure(restic.check())).to.match(
      /^BackupError: restic check failed with code 1: .*connection refused$/,
    );
  });
});
