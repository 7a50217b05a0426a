import { randomBytes } from "node:crypto";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { silentLogger } from "../../../../src/base/logger.js";
import type { FetchResult, GitSnapshot } from "../../../../src/git/engine.js";
import { NativeGitEngine } from "../../../../src/git/native/engine.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { SparseGitEngine } from "../../../../src/git/sparse/sparse-engine.js";
import { startGitServer } from "../../../support/git-server.js";
import { Bench, type MakeEngine } from "../engine-contract.js";
import { expectGitError } from "../support/expect-error.js";
import { removeTemporaryDirectories } from "../support/temporary.js";

const make: MakeEngine = (options) =>
  new SparseGitEngine(new NativeGitEngine({ ...options, logger: silentLogger }), { ...options, logger: silentLogger });

after(() => removeTemporaryDirectories());

describe("SparseGitEngine, for a repository that exceeds the limit", function () {
  this.timeout(60_000);
  const limits = { maxPackBytes: 2 ** 20 };
  const bench = new Bench(make);
  let first: string;

  before(async () => {
    bench.server = await startGitServer();
  });
  after(() => bench.server.stop());
  beforeEach(async () => {
    await bench.reset();
    bench.renew({ limits });
    const files: Record<string, string | Buffer> = { "media/film.bin": randomBytes(3 * 2 ** 20) };
    for (let app = 0; app < 20; app++)
      for (let file = 0; file < 10; file++) files[`apps/app-${app}/conf/${file}.yaml`] = `value: ${app} ${file}\n`;
    first = await bench.repo.commit(files, "large");
    bench.server.clearRequests();
  });
  afterEach(() => bench.engine.close());

  const fetch = (commit: string): Promise<FetchResult> =>
    bench.engine.fetch(bench.remote, { commit, ref: "refs/heads/main" }, bench.signal);
  const read = async (snapshot: GitSnapshot, path: string): Promise<string[]> => {
    const entry = await snapshot.treeAt(path);
    const files = await snapshot.listFiles(entry?.id ?? "", { maxFiles: 1_000, maxDepth: 20 });
    await snapshot.prepare?.(files.map(({ blob }) => blob));
    return Promise.all(files.map(async ({ blob }) => Buffer.from(await snapshot.readBlob(blob)).toString()));
  };

  it("fetches a commit alone, and the ten files of an app when they are read", async () => {
    expect(await fetch(first))
      .to.include({ fetched: true, onDemand: true, objects: 1 })
      .and.have.property("bytes")
      .below(1_000);
    expect(await fetch(first)).to.include({ fetched: false, onDemand: true });
    bench.server.clearRequests();
    const snapshot = await bench.open(first);
    expect(await read(snapshot, "apps/app-7")).to.deep.equal(Array.from({ length: 10 }, (_, i) => `value: 7 ${i}\n`));
    // The root, apps, app-7 with all trees below, and the files.
    expect(bench.server.count("fetch")).to.equal(4);
    bench.server.clearRequests();
    await read(snapshot, "apps/app-7");
    expect(bench.server.count("fetch")).to.equal(0);
  });

  it("fetches only what changed in the next commit", async () => {
    await fetch(first);
    await read(await bench.open(first), "apps/app-7");
    await read(await bench.open(first), "apps/app-8");
    const second = await bench.repo.commit({ "apps/app-7/conf/3.yaml": "value: new\n" }, "one file");
    bench.server.clearRequests();
    expect(await fetch(second)).to.include({ onDemand: true });
    const snapshot = await bench.open(second);
    expect((await read(snapshot, "apps/app-7"))[3]).to.equal("value: new\n");
    expect((await read(snapshot, "apps/app-8"))[3]).to.equal("value: 8 3\n");
    // The commit, then the root, apps, app-7 with conf, and the file.
    expect(bench.server.count("fetch")).to.equal(5);
  });

  it("counts in the limit of the cache, also after a restart", async () => {
    bench.renew({ limits: { ...limits, maxCacheBytes: 3_000 } });
    await fetch(first);
    const readAll = async (): Promise<void> => {
      for (let app = 0; app < 20; app++) await read(await bench.open(first), `apps/app-${app}`);
    };
    const error = await expectGitError("GIT_CACHE_FULL", readAll);
    expect(error.message).to.match(/MiB are used, 0\.0 by this repository/);
    bench.renew({ limits: { ...limits, maxCacheBytes: 3_000 } });
    await expectGitError("GIT_CACHE_FULL", readAll);
    bench.renew({ limits });
    await readAll();
  });

  it("reads what it has after a restart, and replaces a damaged object", async () => {
    await fetch(first);
    await read(await bench.open(first), "apps/app-7");
    bench.renew({ limits });
    bench.fault({ kind: "status", status: 503 });
    expect(await read(await bench.open(first), "apps/app-7")).to.have.length(10);
    bench.server.setFault(undefined);
    const objects = join(bench.cacheDir, `${bench.remote.id}.sparse`, "objects");
    for (const folder of await readdir(objects))
      for (const file of await readdir(join(objects, folder))) await writeFile(join(objects, folder, file), "x");
    bench.renew({ limits });
    expect(await read(await bench.open(first), "apps/app-7")).to.have.length(10);
  });

  it("reports a server that fails while files are read, and recovers", async () => {
    await fetch(first);
    const snapshot = await bench.open(first);
    bench.fault({ kind: "status", status: 503 });
    await expectGitError("GIT_SERVER_ERROR", () => read(snapshot, "apps/app-7"));
    bench.server.setFault(undefined);
    expect(await read(snapshot, "apps/app-7")).to.have.length(10);
  });

  it("limits what apps read, and says what to do", async () => {
    await fetch(first);
    const error = await expectGitError(
      "GIT_TOO_LARGE",
      async () => (await read(await bench.open(first), "media")).length,
    );
    expect(error.message).to.match(
      /exceed the limit of 1 MiB: set source\.path to smaller directories, or raise .*--git-max-fetch-bytes/,
    );
    expect(await read(await bench.open(first), "apps/app-7")).to.have.length(10);
  });

  it("keeps the first error where the server does not support partial clones", async () => {
    await bench.repo.git("config", "uploadpack.allowFilter", "false");
    const error = await expectGitError("GIT_TOO_LARGE", () => fetch(first));
    expect(error.message).to.match(/exceeds the limit of 1 MiB: .*, or use a server that supports partial clones/);
    expect(await bench.engine.open(bench.remote, first)).to.equal(undefined);
  });

  it("removes the store of a remote that is no longer used", async () => {
    await fetch(first);
    await bench.engine.prune([bench.remote]);
    expect(await bench.engine.open(bench.remote, first)).not.to.equal(undefined);
    await bench.engine.prune([gitRemote("http://127.0.0.1:1/other.git")]);
    expect((await readdir(bench.cacheDir)).filter((name) => name.includes(bench.remote.id))).to.deep.equal([]);
    expect(await bench.engine.open(bench.remote, first)).to.equal(undefined);
  });
});
