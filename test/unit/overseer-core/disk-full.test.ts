import { expect } from "chai";
import { Database } from "../../../src/overseer-core/store/database.js";
import { runCommand } from "../../../tools/run-command.js";
import { COMPOSE, CoreRig, list } from "./rig.js";

describe("a Core whose disk is full (needs root)", function () {
  this.timeout(60_000);
  let core: CoreRig;
  before(async function () {
    if (process.getuid?.() !== 0) return this.skip();
    core = await CoreRig.start();
    await core.close();
    const copy = `${core.dataDir}-copy`;
    await runCommand("cp", ["-a", core.dataDir, copy]);
    await runCommand("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", core.dataDir]);
    await runCommand("cp", ["-a", `${copy}/.`, core.dataDir]);
    await core.open();
  });
  after(async () => {
    if (core === undefined) return;
    await core.close();
    await runCommand("umount", [core.dataDir]);
    await core.remove();
  });

  it("refuses writes with the cause, serves reads, and loses nothing that it has confirmed", async () => {
    const compose = `${COMPOSE}# ${"x".repeat(100_000)}\n`;
    const confirmed: string[] = [];
    let refused: Awaited<ReturnType<CoreRig["post"]>> | undefined;
    for (let number = 0; refused === undefined && number < 100; number++) {
      const answer = await core.post("/api/apps", { name: `app-${number}`, compose });
      if (answer.status === 201) confirmed.push(`app-${number}`);
      else refused = answer;
    }
    expect([refused?.status, refused?.body.code]).to.deep.equal([507, "DISK_FULL"]);
    expect(refused?.body.detail).to.match(/^the disk of the Core is full: nothing was changed; free space on/);
    const names = async () =>
      list((await core.get("/api/apps")).body.apps)
        .map(({ name }) => `${name}`)
        .sort();
    expect(await names()).to.deep.equal(confirmed.sort());
    await core.reopen();
    expect(await names(), "after a restart on the full disk").to.deep.equal(confirmed);
    await runCommand("mount", ["-o", "remount,size=64m", core.dataDir]);
    expect((await core.post("/api/apps", { name: "later", compose })).status).to.equal(201);
    await core.close();
    const database = Database.open(`${core.dataDir}/core.db`);
    expect(database.query("PRAGMA integrity_check").all()).to.deep.equal([{ integrity_check: "ok" }]);
    database.close();
    await core.open();
    expect(await names()).to.deep.equal([...confirmed, "later"].sort());
  });
});
