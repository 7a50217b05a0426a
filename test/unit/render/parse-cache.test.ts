import { expect } from "chai";
import { sha256 } from "../../../src/base/hash.js";
import { DEFAULT_RENDER_LIMITS } from "../../../src/render/limits.js";
import type { ManifestFile } from "../../../src/render/manifest-files.js";
import { RenderError } from "../../../src/render/render-error.js";
import type { FileContent } from "../../../src/secrets/file-decryptor.js";
import { configMap, failureOf, inlineCache } from "./support/harness.js";

/** Files by name, and the reader that serves their content. */
function store(contents: Readonly<Record<string, string>>, secret = false) {
  const byBlob = new Map(Object.values(contents).map((text) => [sha256(text, 40), text]));
  const reads: string[] = [];
  const files: ManifestFile[] = Object.entries(contents).map(([file, text]) => ({ file, blob: sha256(text, 40) }));
  const read = async ({ blob }: ManifestFile): Promise<FileContent> => {
    reads.push(blob);
    return { bytes: new TextEncoder().encode(byBlob.get(blob)), secret };
  };
  return { files, read, reads };
}

const LIMITS = DEFAULT_RENDER_LIMITS;

describe("ParseCache", () => {
  it("neither reads nor parses a file again", async () => {
    const { cache } = inlineCache();
    const first = store({ "a.yaml": configMap("a"), "b.yaml": configMap("b") });
    const before = await cache.load(first.files, first.read, LIMITS);
    const second = store({ "a.yaml": configMap("a"), "b.yaml": configMap("c") });
    const after = await cache.load(second.files, second.read, LIMITS);
    expect(first.reads).to.have.length(2);
    expect(second.reads).to.deep.equal([sha256(configMap("c"), 40)]);
    expect(after[0]).to.equal(before[0]);
  });

  it("keeps the same content under another name apart, because messages name the file", async () => {
    const { cache } = inlineCache();
    const { files, read } = store({ "a.yaml": configMap("a"), "b.yaml": configMap("a") });
    const outcomes = await cache.load(files, read, LIMITS);
    expect(outcomes.map((outcome) => outcome.ok && outcome.documents[0]?.origin.file)).to.deep.equal([
      "a.yaml",
      "b.yaml",
    ]);
  });

  it("reads a broken file again: it is not worth keeping", async () => {
    const { cache } = inlineCache();
    const { files, read, reads } = store({ "a.yaml": "a: b: c\n" });
    for (let round = 0; round < 2; round++) {
      expect((await cache.load(files, read, LIMITS)).map(({ ok }) => ok)).to.deep.equal([false]);
    }
    expect(reads).to.have.length(2);
  });

  it("keeps nothing of a file that was encrypted", async () => {
    const { cache } = inlineCache();
    const { files, read, reads } = store({ "a.yaml": configMap("a") }, true);
    for (let round = 0; round < 2; round++) await cache.load(files, read, LIMITS);
    expect(reads).to.have.length(2);
  });

  it("stays within its size", async () => {
    const { cache } = inlineCache(20_000);
    const many = store(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.yaml`, configMap(`n${i}`)])));
    await cache.load(many.files, many.read, LIMITS);
    many.reads.length = 0;
    await cache.load(many.files.slice(-5), many.read, LIMITS);
    expect(many.reads, "the last ones are there").to.have.length(0);
    await cache.load(many.files.slice(0, 5), many.read, LIMITS);
    expect(many.reads, "the first ones made room").to.have.length(5);
  });

  it("sends more than 256 KiB elsewhere, in batches", async () => {
    const text = (name: string): string => `${configMap(name)}# ${"x".repeat(100_000)}\n`;
    const { cache, elsewhere } = inlineCache();
    const few = store({ "a.yaml": text("a"), "b.yaml": text("b") });
    await cache.load(few.files, few.read, LIMITS);
    expect(elsewhere).to.have.length(0);
    const many = store(Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`${i}.yaml`, text(`n${i}`)])));
    const outcomes = await cache.load(many.files, many.read, LIMITS);
    expect(elsewhere.map((batch) => batch.length)).to.deep.equal([10, 5]);
    expect(outcomes.map((outcome) => outcome.ok && outcome.documents[0]?.object.metadata.name)).to.deep.equal(
      Array.from({ length: 15 }, (_, i) => `n${i}`),
    );
  });

  it("counts what is cached too: the limit does not depend on what was rendered before", async () => {
    const { cache } = inlineCache();
    const { files, read } = store({ "a.yaml": configMap("a"), "b.yaml": configMap("b") });
    await cache.load(files, read, LIMITS);
    const error = await failureOf(cache.load(files, read, { ...LIMITS, maxTotalBytes: 100 }));
    expect(error).to.be.instanceOf(RenderError);
  });

  it("forgets when told to", async () => {
    const { cache } = inlineCache();
    const { files, read, reads } = store({ "a.yaml": configMap("a") });
    await cache.load(files, read, LIMITS);
    cache.clear();
    await cache.load(files, read, LIMITS);
    expect(reads).to.have.length(2);
  });
});
