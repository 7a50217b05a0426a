import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile, rm, stat, truncate, unlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Clock, systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import { NativeGitEngine } from "../../../../src/git/native/engine.js";
import { NativeStore } from "../../../../src/git/native/store.js";
import { type GitServer, startGitServer } from "../../../support/git-server.js";
import { Bench, type MakeEngine } from "../engine-contract.js";
import { expectGitError } from "../support/expect-error.js";
import { removeTemporaryDirectories } from "../support/temporary.js";

const make: MakeEngine = (options) => new NativeGitEngine({ ...options, logger: silentLogger });

after(() => removeTemporaryDirectories());

describe("NativeGitEngine: its store", function () {
  this.timeout(180_000);
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

  it("is checked once, and not at every fetch that fails, where the server is at fault", async () => {
    const { heal } = NativeStore.prototype;
    let checks = 0;
    NativeStore.prototype.heal = function (this: NativeStore) {
      checks++;
      return heal.call(this);
    };
    try {
      const second = await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
      for (let round = 0; round < 3; round++) {
        bench.fault({ kind: "flip" });
        await expectGitError("GIT_PACK_CORRUPT", () =>
          bench.engine.fetch(bench.remote, { commit: second, ref: "refs/heads/main" }, bench.signal),
        );
      }
      expect(checks).to.equal(1);
      bench.server.setFault(undefined);
      expect(await bench.fetchTip()).to.equal(second);
    } finally {
      NativeStore.prototype.heal = heal;
    }
  });

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

  /** A store as it was left by a version that recorded whatever id was asked for as a commit. */
  async function recordAsCommit(id: string, pack?: string): Promise<void> {
    const path = await manifestPath();
    const manifest = JSON.parse(await readFile(path, "utf8"));
    const packs = [];
    if (pack !== undefined) {
      const name = `pack-${pack}`;
      for (const ending of [".pack", ".idx"]) {
        const from = join(bench.repo.path, "objects", "pack", name + ending);
        await writeFile(join(directory(), "packs", "pack", name + ending), await readFile(from));
        if (ending === ".pack") packs.push({ name, bytes: (await stat(from)).size });
      }
    }
    const commits = { ...manifest.commits, [id]: { time: Date.now() } };
    const poisoned = JSON.stringify({ ...manifest, packs: [...manifest.packs, ...packs], commits });
    await writeFile(path.replace(/\d+\.json$/, "9.json"), poisoned);
    await rm(path);
  }

  async function recordTagAsCommit(isHeld: boolean): Promise<string> {
    await bench.repo.tag("v1.0.0", { message: "one" });
    const tag = await bench.repo.git("rev-parse", "v1.0.0");
    await bench.repo.git("repack", "-a", "-d", "-q");
    const packs = (await readdir(join(bench.repo.path, "objects", "pack"))).flatMap((name) =>
      name.endsWith(".pack") ? name.slice("pack-".length, -".pack".length) : [],
    );
    await recordAsCommit(tag, isHeld ? packs[0] : undefined);
    bench.renew();
    return tag;
  }

  for (const isHeld of [true, false]) {
    it(`that records a tag as a commit drops that record and goes on${isHeld ? "" : ", also when it lacks the tag"}`, async () => {
      await recordTagAsCommit(isHeld);
      const next = await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
      expect(await bench.fetchTip()).to.equal(next);
      expect(Object.keys(await bench.files(next))).to.have.length(3);
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
      expect(JSON.parse(await readFile(await manifestPath(), "utf8")).commits).to.have.all.keys(bench.first, next);
    });

    it(`that records a tag as a commit does not open it${isHeld ? "" : ", also when it lacks the tag"}`, async () => {
      const tag = await recordTagAsCommit(isHeld);
      expect(await bench.engine.open(bench.remote, tag)).to.equal(undefined);
      await expectGitError("GIT_NOT_A_COMMIT", () =>
        bench.engine.fetch(bench.remote, { commit: tag, ref: undefined }, bench.signal),
      );
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
    });
  }

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
    for (let round = 0; round < 80; round++) {
      const commit = await bench.repo.commit({ noise: randomBytes(5000), "apps/a.yaml": `a: ${round}\n` }, "next");
      await bench.engine.fetch(bench.remote, { commit, ref: "refs/heads/main" }, bench.signal);
      now += 900_000;
      await bench.engine.retain(bench.remote, [commit]);
      largest = Math.max(largest, await size());
    }
    // 0.4 MB went through it.
    expect(largest).to.be.below(80_000);
    expect(await readdir(directory())).to.have.length.below(8);
    expect((await bench.files(await bench.repo.head()))["apps/a.yaml"]).to.equal("a: 79\n");
  }).timeout(180_000);
});
