import { expect } from "chai";
import { applyDelta, deltaResultSize } from "../../../../src/git/pack/delta.js";
import { expectGitError } from "../support/expect-error.js";

const BASE = Buffer.from("the quick brown fox");

describe("applyDelta", () => {
  it("copies from the base and inserts", () => {
    const delta = Buffer.from([19, 13, 0x91, 4, 6, 4, ...Buffer.from("dog,"), 0x91, 16, 3]);
    expect(applyDelta(BASE, delta).toString()).to.equal("quick dog,fox");
    expect(deltaResultSize(delta)).to.equal(13);
  });

  it("takes a copy without a length as 64 KiB", () => {
    const base = Buffer.alloc(0x10000, "x");
    const delta = Buffer.from([0x80, 0x80, 0x04, 0x80, 0x80, 0x04, 0x80]);
    expect(applyDelta(base, delta).equals(base)).to.equal(true);
  });

  const broken: readonly [name: string, delta: readonly number[]][] = [
    ["one for another base", [18, 1, 1, 65]],
    ["a copy beyond the base", [19, 5, 0x91, 17, 5]],
    ["an insertion beyond its own end", [19, 5, 5, 65]],
    ["more than announced", [19, 1, 2, 65, 66]],
    ["less than announced", [19, 3, 2, 65, 66]],
    ["the reserved instruction", [19, 1, 0]],
    ["a copy that is cut off", [19, 3, 0x91, 4]],
    ["a size that is cut off", [0x93]],
    ["nothing", []],
    ["a size without end", Array.from({ length: 20 }, () => 0xff)],
  ];
  for (const [name, delta] of broken) {
    it(`refuses ${name}`, async () => {
      await expectGitError("GIT_PACK_CORRUPT", () => applyDelta(BASE, Buffer.from(delta)));
    });
  }
});
