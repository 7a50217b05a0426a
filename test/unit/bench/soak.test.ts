import { expect } from "chai";
import { growth } from "../../../bench/scale/soak.js";

const line = (rssMb: (minute: number) => number) =>
  Array.from({ length: 60 }, (_, minute) => ({ minute, rssMb: rssMb(minute) }));

describe("the growth of memory", () => {
  it("is what it gains an hour", () => {
    expect(growth(line((minute) => 100 + minute))).to.be.closeTo(60, 0.001);
    expect(growth(line(() => 100))).to.equal(0);
  });

  it("leaves the warm-up out", () => {
    expect(growth(line((minute) => (minute < 30 ? minute * 10 : 300)))).to.be.closeTo(0, 0.001);
  });

  it("is nothing that one sample could tell", () => {
    expect(growth([{ minute: 0, rssMb: 100 }])).to.equal(0);
  });
});
