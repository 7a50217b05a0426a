import { expect } from "chai";
import { childLimits } from "../../../src/wiring/renderers.js";

const MIB = 2 ** 20;

describe("childLimits", () => {
  const cases: readonly [constrainedMiB: number, processors: number, memoryMiB: number, atOnce: number][] = [
    [Number.POSITIVE_INFINITY, 2, 1024, 2],
    [Number.POSITIVE_INFINITY, 64, 1024, 4],
    [8192, 16, 1024, 4],
    [2048, 16, 512, 2],
    [512, 16, 128, 2],
    [256, 16, 128, 1],
    [100, 1, 128, 1],
  ];
  for (const [constrained, processors, memory, atOnce] of cases) {
    it(`give ${memory} MiB to each of ${atOnce} in ${constrained} MiB on ${processors} processors`, () => {
      expect(childLimits(constrained * MIB, processors)).to.deep.equal({ memoryBytes: memory * MIB, atOnce });
    });
  }
});
