import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile, rm, stat, truncate, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Clock, systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import { NativeGitEngine } from "../../../../src/git/native/engine.js";
import { type GitServer, startGitServer } from "../../../support/git-server.js";
import { Bench, type MakeEngine } from "../engine-contract.js";
import { expectGitError } from "../support/expect-error.js";
import { removeTemporaryDirectories } from "../support/temporary.js";

const make: MakeEngine = (options) => new NativeGitEngine({ ...options, logger: silentLogger });

after(() => removeTemporaryDirectories());

describe("NativeGitEngine: its store", function () {
  this.timeout(60_000);
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

  const directory = (): string => join(bench.cacheDir, `${bench.remote.id}.git`);

  /** Paths of the store's packs or indexes. */
  async function files(ending: ".pack" | ".idx"): Promise<string[]> {
    const folder = join(directory(), "packs", "pack");
    return (await readdir(folder)).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
  }

  async function manifestPath(): Promise<string> {
    const names = (await readdir(directory())).filter((name) => /^manifest-\d+\.json$/.test(name));
    expect(names).to.have.length(1);
    return join(directory(), names[0] ?? "");
  }

  async function flipBit(path: string): Promise<void> {
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await rm(path);
    await writeFile(path, bytes);
  }

  const first = async (ending: ".pack" | ".idx"): Promise<string> => (await files(ending))[0] ?? "";
  const damages: readonly [name: string, damage: () => Promise<void>][] = [
    ["a pack that is gone", async () => unlink(await first(".pack"))],
    ["an index that is gone", async () => unlink(await first(".idx"))],
    [
      "a pack that is cut off",
      async () =>
        rm(await first(".pack")).then(async () => writeFile(`${await first(".idx")}`.replace(/idx$/, "pack"), "PACK")),
    ],
    ["a flipped bit in a pack", async () => flipBit(await first(".pack"))],
    ["a flipped bit in an index", async () => flipBit(await first(".idx"))],
    ["a manifest that is cut off", async () => truncate(await manifestPath(), 20)],
    ["a manifest that is no such thing", async () => writeFile(await manifestPath(), '{"version":1}')],
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

    it(`with ${name} while it is in use gives an error and never wrong content, and heals`, async () => {
      const snapshot = await bench.open(bench.first);
      await damage();
      await bench.engine.close();
      const error = await snapshot
        .treeAt("apps")
        .then(async (entry) => snapshot.listFiles(entry?.id ?? "", { maxFiles: 9, maxDepth: 9 }))
        .catch((caught: unknown) => caught);
      // Without its manifest alone, a store can still read what it has.
      if (!name.includes("manifest")) {
        expect(error).to.deep.include({ code: "GIT_STORE_DAMAGED", class: "retryable" });
      }
      expect(await bench.engine.open(bench.remote, bench.first)).to.equal(undefined);
      expect(await bench.fetchTip()).to.equal(bench.first);
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
    });
  }

  it("keeps the commits that a damaged pack has nothing to do with", async () => {
    const [old] = await files(".pack");
    await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
    const second = await bench.fetchTip();
    await flipBit((await files(".pack")).find((path) => path !== old) ?? "");
    bench.renew();
    expect(await bench.engine.open(bench.remote, second)).to.equal(undefined);
    expect((await bench.files(bench.first))["apps/a.yaml"]).to.equal("a: 1\n");
    expect(await bench.fetchTip()).to.equal(second);
  });

  it("takes a pack without a record for nothing, and removes it when nobody can be at work on it", async () => {
    const manifest = await readFile(await manifestPath());
    const second = await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
    await bench.fetchTip();
    // As if the process had ended between the pack and the record.
    await rm(await manifestPath());
    await writeFile(join(directory(), "manifest-1.json"), manifest);
    await writeFile(join(directory(), "manifest-x.tmp"), "half");
    bench.renew();
    expect(await bench.engine.open(bench.remote, second)).to.equal(undefined);
    expect(await bench.fetchTip()).to.equal(second);
    await bench.repo.commit({ "apps/a.yaml": "a: 3\n" }, "third");
    const orphan = join(directory(), "packs", "pack", `pack-${"1".repeat(40)}`);
    for (const ending of [".pack", ".idx"]) await writeFile(orphan + ending, "x");
    await utimes(`${orphan}.pack`, 1, 1);
    await utimes(join(directory(), "manifest-x.tmp"), 1, 1);
    await bench.fetchTip();
    expect(await files(".pack"))
      .to.have.length(3)
      .and.not.include(`${orphan}.pack`);
    expect((await readdir(directory())).filter((name) => name.endsWith(".tmp"))).to.deep.equal([]);
  });

  it("fetches all of a commit when another process has dropped meanwhile what it builds upon", async () => {
    const path = await manifestPath();
    const second = await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
    const failpoint = (point: string): void => {
      if (point !== "git:after-fetch") return;
      const manifest = JSON.parse(readFileSync(path, "utf8"));
      writeFileSync(path.replace(/\d+\.json$/, "2.json"), JSON.stringify({ ...manifest, commits: {}, packs: [] }));
    };
    bench.renew({ failpoint });
    expect(await bench.fetchTip()).to.equal(second);
    expect(Object.keys(await bench.files(second))).to.have.length(3);
    expect(await bench.engine.open(bench.remote, bench.first)).to.equal(undefined);
  });

  it("says what to check when it cannot be written", async () => {
    await rm(directory(), { recursive: true });
    await writeFile(directory(), "a file where the store belongs");
    bench.renew();
    const error = await expectGitError("GIT_STORE_UNWRITABLE", () => bench.fetchTip());
    expect(error.message)
      .to.match(/cache directory \(\w+\)/)
      .and.not.include(bench.cacheDir);
  });

  it("can be read by its owner alone, and says whose it is", async () => {
    expect((await stat(directory())).mode & 0o077).to.equal(0);
    expect(JSON.parse(await readFile(await manifestPath(), "utf8"))).to.have.property("url", bench.remote.url);
  });

  it("drops what is not needed any more when that is worth it, while it is read from", async () => {
    let now = Date.now();
    const clock: Clock = { ...systemClock, now: () => now };
    bench.renew({ clock, limits: { trivialBytes: 1000 } });
    for (let round = 1; round <= 4; round++) {
      await bench.repo.commit({ noise: randomBytes(10_000) }, `round ${round}`);
      await bench.fetchTip();
    }
    const tip = await bench.repo.head();
    expect(await files(".pack")).to.have.length(5);
    const snapshot = await bench.open(tip);
    const noise = (await snapshot.treeAt("noise"))?.id ?? "";
    now += 3_600_000;
    const reads = Array.from({ length: 50 }, () => snapshot.readBlob(noise));
    await bench.engine.retain(bench.remote, [tip]);
    for (const content of await Promise.all(reads)) expect(content).to.have.length(10_000);
    expect(await files(".pack")).to.have.length(1);
    expect(Object.keys(await bench.files(tip))).to.have.length(4);
    const next = await bench.repo.commit({ "apps/a.yaml": "a: 9\n" }, "next");
    const result = await bench.engine.fetch(bench.remote, { commit: next, ref: "refs/heads/main" }, bench.signal);
    expect(result.objects).to.equal(4);
  });

  it("does not grow with the commits that go through it", async () => {
    let now = Date.now();
    bench.renew({ clock: { ...systemClock, now: () => now }, limits: { trivialBytes: 20_000, maxPacks: 20 } });
    const size = async (): Promise<number> => {
      const sizes = await Promise.all([...(await files(".pack")), ...(await files(".idx"))].map((path) => stat(path)));
      return sizes.reduce((sum, one) => sum + one.size, 0);
    };
    let largest = 0;
    for (let round = 0; round < 200; round++) {
      const commit = await bench.repo.commit({ noise: randomBytes(5000), "apps/a.yaml": `a: ${round}\n` }, "next");
      await bench.engine.fetch(bench.remote, { commit, ref: "refs/heads/main" }, bench.signal);
      now += 900_000;
      await bench.engine.retain(bench.remote, [commit]);
      largest = Math.max(largest, await size());
    }
    // 1 MB went through it.
    expect(largest).to.be.below(80_000);
    expect(await readdir(directory())).to.have.length.below(8);
    expect((await bench.files(await bench.repo.head()))["apps/a.yaml"]).to.equal("a: 199\n");
  }).timeout(120_000);
});
