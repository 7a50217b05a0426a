import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/logger.js";
import { IsomorphicGitEngine } from "../../../src/git/isomorphic/engine.js";
import { NativeGitEngine } from "../../../src/git/native/engine.js";
import { type GitServer, startGitServer } from "../../support/git-server.js";
import { Bench, describeGitEngine, type MakeEngine } from "./engine-contract.js";
import { expectGitError } from "./support/expect-error.js";
import { removeTemporaryDirectories } from "./support/temporary.js";

const make: MakeEngine = (options) => new NativeGitEngine({ ...options, logger: silentLogger });

after(() => removeTemporaryDirectories());

describeGitEngine("NativeGitEngine", make);

describe("NativeGitEngine", function () {
  this.timeout(30_000);
  const bench = new Bench(make);
  let server: GitServer;

  before(async () => {
    server = await startGitServer();
    bench.server = server;
  });
  after(() => server.stop());
  beforeEach(() => bench.reset());
  afterEach(() => bench.engine.close());

  it("asks for a commit by two requests, and for nothing while it reads", async () => {
    await bench.engine.fetch(bench.remote, { commit: bench.first, ref: "refs/heads/main" }, bench.signal);
    expect(bench.server.requests.map(({ method, kind }) => `${method} ${kind}`)).to.deep.equal([
      "GET refs",
      "POST fetch",
    ]);
    await bench.files(bench.first);
    expect(bench.server.count()).to.equal(2);
  });

  it("is given nothing that could be read as an option or another ref", async () => {
    for (const commit of ["--upload-pack=canary", "main", "", `${bench.first}\n`, bench.first.toUpperCase()]) {
      await expectGitError("GIT_REF_INVALID", () =>
        bench.engine.fetch(bench.remote, { commit, ref: undefined }, bench.signal),
      );
    }
    const refs = ["--upload-pack=canary", "refs/heads/main:refs/heads/x", "+refs/heads/main", "refs/heads/*"];
    for (const ref of [...refs, "refs/heads/a\0b", "refs/heads/\u0001", "refs/heads/\u007f", "refs/heads/\u009b"]) {
      const target = { commit: "1".repeat(40), ref };
      await expectGitError("GIT_COMMIT_NOT_FOUND", () => bench.engine.fetch(bench.remote, target, bench.signal));
    }
  });

  it("shares a cache directory with the other engine, and leaves its stores alone", async () => {
    const { cacheDir } = bench;
    const other = new IsomorphicGitEngine({ cacheDir, clock: systemClock, logger: silentLogger });
    const target = { commit: bench.first, ref: "refs/heads/main" };
    for (const engine of [bench.engine, other]) {
      expect(await engine.fetch(bench.remote, target, bench.signal)).to.have.property("fetched", true);
    }
    await other.prune([]);
    expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
    await other.fetch(bench.remote, target, bench.signal);
    await bench.engine.prune([]);
    expect(await other.open(bench.remote, bench.first)).not.to.equal(undefined);
    await other.close();
  });
});
