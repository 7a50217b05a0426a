import { randomBytes } from "node:crypto";
import { unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { FileBlocks } from "../../../../src/git/isomorphic/file-blocks.js";
import { removeTemporaryDirectories, temporaryDirectory } from "../support/temporary.js";

describe("FileBlocks", () => {
  const bytes = randomBytes(1_000_000);
  let path: string;

  beforeEach(async () => {
    path = join(await temporaryDirectory(), "file");
    await writeFile(path, bytes);
  });
  after(() => removeTemporaryDirectories());

  for (const maxBytes of [1, 300_000, 10_000_000]) {
    it(`reads any range, with ${maxBytes} bytes of memory`, async () => {
      const blocks = new FileBlocks(maxBytes);
      const offset = fc.nat(bytes.length + 10);
      await fc.assert(
        fc.asyncProperty(offset, offset, async (a, b) => {
          const [start, end] = [Math.min(a, b), Math.max(a, b)];
          expect((await blocks.read(path, start, end)).equals(bytes.subarray(start, end))).to.equal(true);
        }),
      );
    });
  }

  it("reads a file once while its blocks are in memory, and again after clear", async () => {
    const blocks = new FileBlocks(10_000_000);
    await blocks.read(path, 0, bytes.length);
    await unlink(path);
    expect((await blocks.read(path, 5, 500_000)).equals(bytes.subarray(5, 500_000))).to.equal(true);
    blocks.clear();
    const error = await blocks.read(path, 5, 10).catch((caught: unknown) => caught);
    expect(error).to.have.property("code", "ENOENT");
  });
});
