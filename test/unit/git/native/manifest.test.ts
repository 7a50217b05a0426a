import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type NativeManifest, publishGeneration, readGeneration } from "../../../../src/git/native/manifest.js";
import { removeTemporaryDirectories, temporaryDirectory } from "../support/temporary.js";

const URL = "https://example.com/a.git";
const manifest = (compactBytes: number): NativeManifest => ({
  version: 1,
  url: URL,
  packs: [],
  commits: {},
  compactBytes,
});

after(() => removeTemporaryDirectories());

describe("generations of a manifest", () => {
  it("begin with an empty one, also where there is no directory", async () => {
    const generation = await readGeneration(join(await temporaryDirectory(), "none"), URL);
    expect(generation).to.deep.include({ number: 0, manifest: manifest(0) });
  });

  it("follow each other, and leave one file", async () => {
    const directory = await temporaryDirectory();
    for (let number = 0; number < 12; number++) {
      expect(await publishGeneration(directory, number, manifest(number))).to.equal(true);
    }
    expect(await readGeneration(directory, URL)).to.deep.include({ number: 12, manifest: manifest(11) });
    expect(await readdir(directory)).to.deep.equal(["manifest-12.json"]);
  });

  it("are published by one of many who try at the same time", async () => {
    const directory = await temporaryDirectory();
    const tries = Array.from({ length: 20 }, (_, i) => publishGeneration(directory, 0, manifest(i + 1)));
    const wins = (await Promise.all(tries)).flatMap((won, i) => (won ? [i + 1] : []));
    expect(wins).to.have.length(1);
    expect((await readGeneration(directory, URL)).manifest.compactBytes).to.equal(wins[0]);
  });

  it("are not read again while nothing has changed, and are when the store was begun anew", async () => {
    const directory = await temporaryDirectory();
    await publishGeneration(directory, 0, manifest(1));
    const known = await readGeneration(directory, URL);
    expect(await readGeneration(directory, URL, known)).to.equal(known);
    await writeFile(join(directory, "manifest-1.json"), JSON.stringify(manifest(22)));
    expect((await readGeneration(directory, URL, known)).manifest.compactBytes).to.equal(22);
  });

  it("count as empty when they cannot be read, and are followed by the next number", async () => {
    for (const text of ["", "{", "null", "[]", '{"version":2}', '{"version":1,"packs":[{"name":"../x","bytes":1}]}']) {
      const directory = await temporaryDirectory();
      await writeFile(join(directory, "manifest-7.json"), text);
      expect(await readGeneration(directory, URL)).to.deep.include({ number: 7, manifest: manifest(0) });
      expect(await publishGeneration(directory, 7, manifest(1))).to.equal(true);
      expect(await readdir(directory)).to.deep.equal(["manifest-8.json"]);
    }
  });
});
