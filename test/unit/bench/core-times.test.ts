import { expect } from "chai";
import { changedBesides, jobTimes } from "../../../bench/core/core-times.js";

const at = (seconds: number): string => new Date(1_000_000 + seconds * 1000).toISOString();
const job = (created: number, done: number, status = "completed") => ({
  status,
  createdAt: at(created),
  updatedAt: at(done),
});

describe("Times that the bench reads from a Core", () => {
  it("end with the last job that was asked for, and the last that was done", () => {
    expect(jobTimes([job(1, 9), job(2.5, 4), job(2, 3)], 1_000_000)).to.deep.equal({
      writtenSeconds: 2.5,
      runningSeconds: 9,
    });
  });

  it("are refused while a job is open, after one that failed, and of nothing", () => {
    expect(() => jobTimes([job(1, 2), job(1, 2, "pending")], 0)).to.throw(RangeError, "pending");
    expect(() => jobTimes([job(1, 2, "failed")], 0)).to.throw(RangeError, "failed");
    expect(() => jobTimes([], 0)).to.throw(RangeError);
  });

  it("tell what changed that nobody was to change: other revisions, new ones, and what is gone", () => {
    const before = ["a", "b", "c"].map((id) => ({ id, revision: 1 }));
    const changed = (...ids: string[]) => before.map(({ id }) => ({ id, revision: ids.includes(id) ? 2 : 1 }));
    expect(changedBesides(before, changed("a"), new Set(["a"]))).to.equal(0);
    expect(changedBesides(before, changed("a", "b"), new Set(["a"]))).to.equal(1);
    expect(changedBesides(before, [...changed(), { id: "d", revision: 1 }], new Set())).to.equal(1);
    expect(changedBesides(before, changed().slice(1), new Set())).to.equal(1);
  });
});
