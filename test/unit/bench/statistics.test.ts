import { expect } from "chai";
import { median, percentile, significant } from "../../../bench/statistics.js";

describe("Statistics of the bench", () => {
  it("give the value that a share of the values does not exceed", () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(percentile(values, 0.5)).to.equal(100);
    expect(percentile(values, 0.99)).to.equal(198);
    expect(percentile(values, 1)).to.equal(200);
    expect(percentile(values, 0)).to.equal(1);
    expect(percentile([7], 0.99)).to.equal(7);
  });

  it("give the middle value, or the mean of the two middle ones", () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(median([5])).to.equal(5);
  });

  it("refuse to speak of nothing, and leave what they are given as it is", () => {
    expect(() => percentile([], 0.5)).to.throw(RangeError);
    expect(() => median([])).to.throw(RangeError);
    const values = [3, 1, 2];
    median(values);
    percentile(values, 0.5);
    expect(values).to.deep.equal([3, 1, 2]);
  });

  it("round to what is significant", () => {
    expect(significant(0.012345)).to.equal(0.0123);
    expect(significant(1234.5)).to.equal(1230);
    expect(significant(0)).to.equal(0);
  });
});
