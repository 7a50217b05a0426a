import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Clock, systemClock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/logger.js";
import { IsomorphicGitEngine } from "../../../src/git/isomorphic/engine.js";
import { type GitServer, startGitServer } from "../../support/git-server.js";
import { Bench, describeGitEngine, type MakeEngine } from "./engine-contract.js";
import { expectGitError } from "./support/expect-error.js";
import { removeTemporaryDirectories } from "./support/temporary.js";

const make: MakeEngine = (options) => new IsomorphicGitEngine({ ...options, logger: silentLogger });

after(() => removeTemporaryDirectories());

describeGitEngine("IsomorphicGitEngine", make);

describe("IsomorphicGitEngine: its store", function () {
  this.timeout(30_000);
  const bench = new Bench(make);
  let server: GitServer;

  before(async () => {
    server = await startGitServer();
    bench.server = server;
  });
  after(() => server.stop());
  beforeEach(async () => {
    await bench.reset();
    await bench.fetchTip();
  });
  afterEach(() => bench.engine.close());

  const directory = (): string => join(bench.cacheDir, bench.remote.id);

  /** Paths of the store's files with this ending. */
  async function files(ending: string): Promise<string[]> {
    return (await readdir(directory())).filter((name) => name.endsWith(ending)).map((name) => join(directory(), name));
  }

  async function flipBit(path: string): Promise<void> {
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(path, bytes);
  }

  const damages: readonly [name: string, damage: () => Promise<void>][] = [
    ["a pack that is gone", async () => Promise.all((await files(".pack")).map(unlink)).then(() => {})],
    ["an index that is gone", async () => Promise.all((await files(".idx")).map(unlink)).then(() => {})],
    ["a pack that is cut off", async () => truncate((await files(".pack"))[0] ?? "", 50)],
    ["a flipped bit in a pack", async () => flipBit((await files(".pack"))[0] ?? "")],
    ["a flipped bit in an index", async () => flipBit((await files(".idx"))[0] ?? "")],
    ["a manifest that is cut off", async () => truncate(join(directory(), "manifest.json"), 20)],
    ["a manifest that is no such thing", async () => writeFile(join(directory(), "manifest.json"), '{"version":1}')],
    ["a directory that is gone", async () => rm(directory(), { recursive: true })],
  ];
  for (const [name, damage] of damages) {
    it(`with ${name} does not have the commit after a restart, and the next fetch brings it`, async () => {
      await damage();
      bench.renew();
      expect(await bench.engine.open(bench.remote, bench.first)).to.equal(undefined);
      expect(await bench.fetchTip()).to.equal(bench.first);
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
    });
  }

  for (const [name, damage] of damages.filter(([name]) => name.includes("pack"))) {
    it(`with ${name} while it is in use gives an error and never wrong content, and heals`, async () => {
      const snapshot = await bench.open(bench.first);
      await damage();
      await bench.engine.close();
      const root = snapshot
        .treeAt("apps")
        .then(async (entry) => snapshot.listFiles(entry?.id ?? "", { maxFiles: 9, maxDepth: 9 }));
      const error = await root.catch((caught: unknown) => caught);
      expect(error).to.deep.include({ code: "GIT_STORE_DAMAGED", class: "retryable" });
      expect(await bench.engine.open(bench.remote, bench.first)).to.equal(undefined);
      expect(await bench.fetchTip()).to.equal(bench.first);
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
    });
  }

  it("keeps the commits that a damaged pack has nothing to do with", async () => {
    const [old] = await files(".pack");
    await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
    const second = await bench.fetchTip();
    const newer = (await files(".pack")).find((path) => path !== old) ?? "";
    await flipBit(newer);
    bench.renew();
    expect(await bench.engine.open(bench.remote, second)).to.equal(undefined);
    expect((await bench.files(bench.first))["apps/a.yaml"]).to.equal("a: 1\n");
    expect(await bench.fetchTip()).to.equal(second);
  });

  it("takes a pack without a record for nothing, and cleans up after a killed process", async () => {
    const manifest = await readFile(join(directory(), "manifest.json"));
    const second = await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
    await bench.fetchTip();
    // As if the process had ended between the pack and the record.
    await writeFile(join(directory(), "manifest.json"), manifest);
    await writeFile(join(directory(), "pack-0.pack.tmp"), "half");
    bench.renew();
    expect(await bench.engine.open(bench.remote, second)).to.equal(undefined);
    expect(await bench.fetchTip()).to.equal(second);
    expect((await bench.files(second))["apps/a.yaml"]).to.equal("a: 2\n");
    expect(await files(".tmp")).to.deep.equal([]);
    expect(await files(".pack")).to.have.length(2);
  });

  it("says what to check when it cannot be written", async () => {
    await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
    await rm(directory(), { recursive: true });
    await writeFile(directory(), "a file where the store belongs");
    bench.renew();
    const error = await expectGitError("GIT_STORE_UNWRITABLE", () => bench.fetchTip());
    expect(error.message)
      .to.match(/cache directory \(\w+\)/)
      .and.not.include(bench.cacheDir);
  });

  it("holds no credential and can be read by its owner alone", async () => {
    const { mode } = await stat(directory());
    expect(mode & 0o077).to.equal(0);
    const text = await readFile(join(directory(), "manifest.json"), "utf8");
    expect(JSON.parse(text)).to.have.property("url", bench.remote.url);
  });

  it("drops what is not needed any more when that is worth it", async () => {
    let now = Date.now();
    const clock: Clock = { ...systemClock, now: () => now };
    bench.renew({ clock, limits: { trivialBytes: 1000 } });
    for (let round = 1; round <= 4; round++) {
      await bench.repo.commit({ noise: randomBytes(10_000) }, `round ${round}`);
      await bench.fetchTip();
    }
    const tip = await bench.repo.head();
    expect(await files(".pack")).to.have.length(5);
    now += 3_600_000;
    await bench.engine.retain(bench.remote, [tip]);
    expect(await files(".pack")).to.have.length(1);
    expect(Object.keys(await bench.files(tip))).to.have.length(4);
    const next = await bench.repo.commit({ "apps/a.yaml": "a: 9\n" }, "next");
    const result = await bench.engine.fetch(bench.remote, { commit: next, ref: "refs/heads/main" }, bench.signal);
    expect(result.objects).to.equal(4);
  });

  it("starts from one commit when a forced push would bring all history", async () => {
    bench.renew({ limits: { trivialBytes: 15_000 } });
    const change = (): { n: Buffer } => ({ n: randomBytes(10_000) });
    await bench.repo.commit(change(), "root", { branch: "long", parent: null });
    for (let round = 1; round < 6; round++) await bench.repo.commit(change(), `${round}`, { branch: "long" });
    await bench.repo.setBranch("main", await bench.repo.head("long"));
    const commit = await bench.repo.head();
    bench.server.clearRequests();
    const result = await bench.engine.fetch(bench.remote, { commit, ref: "refs/heads/main" }, bench.signal);
    expect(result.bytes).to.be.below(12_000);
    expect(bench.server.requests.filter(({ kind }) => kind === "fetch")).to.have.length(2);
    expect(Object.keys(await bench.files(commit))).to.deep.equal(["n"]);
    const next = await bench.repo.commit({ x: "1" }, "next");
    expect(
      (await bench.engine.fetch(bench.remote, { commit: next, ref: "refs/heads/main" }, bench.signal)).objects,
    ).to.equal(3);
  });

  it("lets go of memory when nobody reads, and reads again afterwards", async () => {
    let fire: (() => void) | undefined;
    let time = 0;
    const clock: Clock = {
      now: () => Date.now(),
      monotonic: () => time,
      after: (ms, fn) => {
        if (ms === 1000) fire = fn;
        return systemClock.after(ms, fn);
      },
    };
    bench.renew({ clock, limits: { idleMs: 1000 } });
    const snapshot = await bench.open(bench.first);
    const entry = await snapshot.treeAt("apps");
    time = 1000;
    fire?.();
    expect(await snapshot.treeAt("apps")).to.deep.equal(entry);
  });
});
