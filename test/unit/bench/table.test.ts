import { expect } from "chai";
import { figuresTable, missed } from "../../../bench/budgets.js";
import { nested } from "../../../bench/figures.js";
import { formatTable } from "../../../bench/table.js";

describe("Tables of the bench", () => {
  it("align their columns, and are Markdown", () => {
    const text = formatTable(
      ["figure", "result"],
      [
        ["a", "1"],
        ["longer name", "12.5"],
      ],
    );
    expect(text.split("\n")).to.deep.equal([
      "| figure      | result |",
      "| ----------- | -----: |",
      "| a           |      1 |",
      "| longer name |   12.5 |",
    ]);
  });

  it("show each figure with its budget, and whether it keeps to it", () => {
    const lines = figuresTable({ "limit.seconds": 5, "heal.p50Ms": 60, "peak.rssMb": 200 }).split("\n");
    expect(lines[2]).to.match(/^\| limit\.seconds +\| +\| +5 \| +\|$/);
    expect(lines[3]).to.match(/^\| heal\.p50Ms +\| +< 60 \| +60 \| {2}MISSED \|$/);
    expect(lines[4]).to.match(/^\| peak\.rssMb +\| <= 200 \| +200 \| +ok \|$/);
  });

  it("tell which budgets are missed", () => {
    expect(missed({ "heal.p50Ms": 59, "heal.p99Ms": 251, "coldSync.ratio": 1.51, "peak.rssMb": 1 })).to.deep.equal([
      "coldSync.ratio",
      "heal.p99Ms",
    ]);
  });

  it("nest figures by the first part of their name", () => {
    expect(nested({ "limit.seconds": 1, "heal.p50Ms": 2, "heal.p99Ms": 3 })).to.deep.equal({
      limit: { seconds: 1 },
      heal: { p50Ms: 2, p99Ms: 3 },
    });
  });
});
