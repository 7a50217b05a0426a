import { randomBytes } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { GitError } from "../../../../src/git/errors.js";
import { type IndexedPack, indexPack } from "../../../../src/git/pack/index-pack.js";
import { objectId } from "../../../../src/git/pack/object-id.js";
import { PackSet } from "../../../../src/git/pack/pack-set.js";
import { writePack } from "../../../../src/git/pack/write-pack.js";
import { type GitRepo, type GitServer, startGitServer } from "../../../support/git-server.js";
import { expectGitError } from "../support/expect-error.js";
import { allIds, catFile, gitIndex, handMadePack, packAll, sealed } from "../support/packs.js";
import { removeTemporaryDirectories, temporaryDirectory } from "../support/temporary.js";

const LIMITS = { maxObjectBytes: 2 ** 20, maxObjects: 10_000 };
const BLOB = 3;
const REF_DELTA = 7;

/** Type and content of an object, from a pack in memory. */
async function read(pack: IndexedPack, id: string): Promise<string> {
  const object = await new PackSet([]).with(pack).read(id);
  return object === undefined ? "none" : `${object.type} ${object.content.toString("base64")}`;
}

describe("indexPack", function () {
  this.timeout(20_000);
  let server: GitServer;
  let repo: GitRepo;

  before(async () => {
    server = await startGitServer();
    repo = await server.createRepository("history");
    const text = (line: number): string =>
      Array.from({ length: 200 }, (_, i) => `line ${i === line ? -i : i}`).join("\n");
    for (let round = 0; round < 8; round++) {
      await repo.commit(
        { "a/long.txt": text(round), [`b/${round}.bin`]: randomBytes(500), empty: "" },
        `round ${round}`,
      );
    }
    await repo.tag("v1", { message: "annotated" });
  });

  after(async () => {
    await server.stop();
    await removeTemporaryDirectories();
  });

  for (const [name, options] of [
    ["deltas by offset", ["--delta-base-offset"]],
    ["deltas by id", ["--no-delta-base-offset"]],
    ["long chains of deltas", ["--delta-base-offset", "--depth=200", "--window=50", "--no-reuse-delta"]],
    ["no deltas", ["--depth=0"]],
  ] as const) {
    it(`makes the very index that Git makes, with ${name}`, async () => {
      const bytes = packAll(repo, ...options);
      const pack = await indexPack(bytes, LIMITS);
      expect(pack.idx.equals(gitIndex(await temporaryDirectory(), bytes))).to.equal(true);
      expect(pack.objects).to.equal(allIds(repo).length);
    });
  }

  it("lets every object be read as Git reads it", async () => {
    const pack = await indexPack(packAll(repo, "--delta-base-offset"), LIMITS);
    for (const id of allIds(repo)) {
      const [type = ""] = (await read(pack, id)).split(" ");
      expect(await read(pack, id)).to.equal(`${type} ${catFile(repo, type, id).toString("base64")}`);
    }
    expect(await read(pack, "0".repeat(40))).to.equal("none");
  });

  it("reads packs of its own writing, and Git does", async () => {
    const source = new PackSet([]).with(await indexPack(packAll(repo, "--delta-base-offset"), LIMITS));
    const ids = allIds(repo);
    const bytes = await writePack(ids, source);
    const pack = await indexPack(bytes, LIMITS);
    expect(pack.objects).to.equal(ids.length);
    expect(pack.idx.equals(gitIndex(await temporaryDirectory(), bytes))).to.equal(true);
  });

  it("finds no flaw in an empty pack", async () => {
    expect((await indexPack(handMadePack([]), LIMITS)).objects).to.equal(0);
  });

  it("finds a delta's base that comes after it", async () => {
    const base = Buffer.from("the base");
    const delta = { type: REF_DELTA, base: objectId("blob", base), content: Buffer.from([8, 3, 0x91, 4, 3]) };
    const pack = await indexPack(handMadePack([delta, { type: BLOB, content: base }]), LIMITS);
    expect(await read(pack, objectId("blob", Buffer.from("bas")).toString("hex"))).to.equal("blob YmFz");
  });

  describe("of deltas that all come before their bases", () => {
    const text = (at: number): Buffer => Buffer.from(`object ${at}`);
    const entries = Array.from({ length: 20_000 }, (_, at) => {
      const [base, own] = [text(at + 1), text(at)];
      const content = Buffer.concat([Buffer.from([base.length, own.length, own.length]), own]);
      return { type: REF_DELTA, base: objectId("blob", base), content };
    });
    const bytes = handMadePack([...entries, { type: BLOB, content: text(entries.length) }]);

    it("takes linear time, and lets other work go on", async () => {
      let turns = 0;
      let isDone = false;
      const count = (): void => {
        turns++;
        if (!isDone) setImmediate(count);
      };
      setImmediate(count);
      const pack = await indexPack(bytes, { ...LIMITS, maxObjects: 30_000 });
      isDone = true;
      expect(pack.objects).to.equal(20_001);
      expect(await read(pack, objectId("blob", text(15_000)).toString("hex"))).to.equal(
        `blob ${text(15_000).toString("base64")}`,
      );
      expect(turns).to.be.greaterThan(2);
    });

    it("ends when its signal aborts", async () => {
      const reason = new Error("enough");
      const work = indexPack(bytes, { ...LIMITS, maxObjects: 30_000 }, AbortSignal.abort(reason));
      expect(await work.catch((error: unknown) => error)).to.equal(reason);
    });
  });

  it("refuses deltas whose results add up to far more than the pack", async () => {
    const base = Buffer.alloc(2 ** 20, "b");
    const size = [0x80, 0x80, 0x40];
    const copies = Array.from({ length: 16 }, (_, at) => [0x84, at]).flat();
    const delta = {
      type: REF_DELTA,
      base: objectId("blob", base),
      content: Buffer.from([...size, ...size, ...copies]),
    };
    const pack = (count: number): Buffer => handMadePack([{ type: BLOB, content: base }, ...Array(count).fill(delta)]);
    expect((await indexPack(pack(3), LIMITS)).objects).to.equal(4);
    expect((await expectGitError("GIT_TOO_LARGE", () => indexPack(pack(20), LIMITS))).message).to.match(
      /inflate to more than 50 times its \d+ bytes/,
    );
  });

  const blob = { type: BLOB, content: Buffer.from("x") };
  const whole = handMadePack([blob]);
  const corrupt: readonly [name: string, pack: Buffer][] = [
    ["nothing", Buffer.alloc(0)],
    ["only half of it", whole.subarray(0, whole.length / 2)],
    ["another signature", sealed(Buffer.concat([Buffer.from("KCAP"), whole.subarray(4, -20)]))],
    ["fewer objects than announced", handMadePack([blob], 2)],
    ["more objects than announced", handMadePack([blob, blob], 1)],
    ["an object larger than announced", handMadePack([{ ...blob, size: 0 }])],
    ["an object smaller than announced", handMadePack([{ ...blob, size: 2 }])],
    ["an unknown type", handMadePack([{ ...blob, type: 5 }])],
    [
      "a delta without its base",
      handMadePack([{ type: REF_DELTA, base: Buffer.alloc(20), content: Buffer.from([1, 1, 1, 65]) }]),
    ],
    ["a delta of itself", handMadePack([{ type: 6, base: Buffer.from([0]), content: Buffer.from([1, 1, 1, 65]) }])],
    [
      "a delta of what was before the pack",
      handMadePack([{ type: 6, base: Buffer.from([99]), content: Buffer.from([1]) }]),
    ],
  ];
  for (const [name, pack] of corrupt) {
    it(`refuses a pack with ${name}`, async () => {
      await expectGitError("GIT_PACK_CORRUPT", () => indexPack(pack, LIMITS));
    });
  }

  it("never inflates more than allowed, whatever a pack of a few KB holds", async () => {
    const zeros = Buffer.alloc(LIMITS.maxObjectBytes + 1);
    const base = Buffer.from("b");
    const bombs = [
      handMadePack([{ type: BLOB, content: zeros }]),
      handMadePack([
        { type: BLOB, content: base },
        { type: REF_DELTA, base: objectId("blob", base), content: grow() },
      ]),
    ];
    for (const bomb of bombs) {
      expect(bomb.length).to.be.below(10_000);
      const error = await expectGitError("GIT_TOO_LARGE", () => indexPack(bomb, LIMITS));
      expect(error.class).to.equal("terminal");
    }
    await expectGitError("GIT_PACK_CORRUPT", () =>
      indexPack(handMadePack([{ type: BLOB, size: 10, content: zeros }]), LIMITS),
    );
    await expectGitError("GIT_TOO_LARGE", () => indexPack(handMadePack([blob, blob]), { ...LIMITS, maxObjects: 1 }));
  });

  it("survives any damage: each pack is whole or refused", async () => {
    const bytes = packAll(repo, "--delta-base-offset");
    const body = bytes.subarray(0, -20);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(body.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, bits, cut) => {
          const damaged = Buffer.from(cut ? body.subarray(0, at) : body);
          if (!cut) damaged[at] = (damaged[at] ?? 0) ^ bits;
          for (const pack of [damaged, sealed(damaged)]) {
            const result = await indexPack(pack, LIMITS).catch((error: unknown) => error);
            if (!(result instanceof GitError)) expect(result).to.have.property("objects");
          }
          expect(await indexPack(damaged, LIMITS).catch((error: unknown) => error)).to.be.instanceOf(GitError);
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** A delta of five bytes that announces 16 MiB. */
function grow(): Buffer {
  return Buffer.from([1, 0x80, 0x80, 0x80, 0x08, 0x91, 0, 1]);
}
