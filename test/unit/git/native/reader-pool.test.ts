import { expect } from "chai";
import { type Clock, systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import { NativeGitEngine } from "../../../../src/git/native/engine.js";
import { MAX_READERS } from "../../../../src/git/native/reader-pool.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { type GitServer, startGitServer } from "../../../support/git-server.js";
import { removeTemporaryDirectories, temporaryDirectory } from "../support/temporary.js";
import { CAN_FIND_CHILDREN, childrenOf } from "./children.js";

after(() => removeTemporaryDirectories());

describe("ReaderPool", function () {
  this.timeout(60_000);
  const signal = new AbortController().signal;
  let server: GitServer;

  before(async () => {
    server = await startGitServer();
  });
  after(() => server.stop());

  it("uses few children for many stores, and stops idle ones", async function () {
    if (!CAN_FIND_CHILDREN) return this.skip();
    const repo = await server.createRepository("apps");
    const commit = await repo.commit({ "a.yaml": "a: 1\n" }, "first");
    const cacheDir = await temporaryDirectory();
    const timers: (() => void)[] = [];
    let time = 0;
    const clock: Clock = {
      now: () => Date.now(),
      monotonic: () => time,
      after: (ms, fn) => {
        if (ms !== 77_777) return systemClock.after(ms, fn);
        timers.push(fn);
        return { cancel: () => {} };
      },
    };
    const limits = { idleMs: 77_777 };
    const engine = new NativeGitEngine({ cacheDir, clock, limits, logger: silentLogger });
    const remotes = Array.from({ length: MAX_READERS + 4 }, (_, i) =>
      gitRemote(repo.url, { username: "u", password: `p${i}` }),
    );
    for (const remote of remotes) await engine.fetch(remote, { commit, ref: undefined }, signal);
    const read = async (): Promise<string[]> => {
      const works = remotes.map(async (remote) => {
        const snapshot = await engine.open(remote, commit);
        const blob = (await snapshot?.treeAt("a.yaml"))?.id ?? "";
        return Buffer.from((await snapshot?.readBlob(blob)) ?? []).toString();
      });
      return Promise.all(works);
    };
    for (let round = 0; round < 3; round++) {
      expect(await read()).to.deep.equal(remotes.map(() => "a: 1\n"));
      expect(await childrenOf(cacheDir)).to.have.length.within(1, MAX_READERS);
    }
    time = 77_777;
    for (const fire of timers) fire();
    while ((await childrenOf(cacheDir)).length > 0) await new Promise(setImmediate);
    expect(await read()).to.deep.equal(remotes.map(() => "a: 1\n"));
    await engine.close();
    expect(await childrenOf(cacheDir)).to.deep.equal([]);
  });

  it("continues after a child is killed", async function () {
    if (!CAN_FIND_CHILDREN) return this.skip();
    const repo = await server.createRepository("killed");
    const commit = await repo.commit({ "a.yaml": "a: 1\n" }, "first");
    const cacheDir = await temporaryDirectory();
    const engine = new NativeGitEngine({ cacheDir, clock: systemClock, logger: silentLogger });
    const remote = gitRemote(repo.url);
    await engine.fetch(remote, { commit, ref: undefined }, signal);
    const snapshot = await engine.open(remote, commit);
    const blob = (await snapshot?.treeAt("a.yaml"))?.id ?? "";
    for (let round = 0; round < 5; round++) {
      for (const id of await childrenOf(cacheDir)) process.kill(Number(id), "SIGKILL");
      const reads = Array.from({ length: 20 }, () => snapshot?.readBlob(blob));
      for (const content of await Promise.all(reads)) expect(Buffer.from(content ?? []).toString()).to.equal("a: 1\n");
    }
    await engine.close();
  });
});
