import { expect } from "chai";
import { LogBuffer, type LogLine, MAX_LINES } from "../../../ui/src/pages/app/logs/log-buffer.js";

const line = (time: number, text: string): LogLine => ({
  time: `2026-01-01T00:00:00.${String(time).padStart(9, "0")}Z`,
  text,
});
const texts = (buffer: LogBuffer): string[] => buffer.blocks.flatMap(({ lines }) => lines.map(({ text }) => text));

describe("the buffer of a log", () => {
  it("drops the lines that a new connection sends again, and no others", () => {
    const buffer = new LogBuffer();
    buffer.add([line(1, "a"), line(2, "b"), line(2, "b"), line(2, "c")]);
    expect(buffer.since).to.equal(line(2, "").time);
    buffer.reconnected();
    buffer.add([line(1, "a"), line(2, "b"), line(2, "b"), line(2, "c"), line(2, "c"), line(3, "d")]);
    buffer.add([line(2, "late"), line(3, "e")]);
    expect(texts(buffer)).to.deep.equal(["a", "b", "b", "c", "c", "d", "late", "e"]);
  });

  it("keeps lines without a time", () => {
    const buffer = new LogBuffer();
    buffer.add([{ time: "", text: "x" }]);
    buffer.reconnected();
    buffer.add([{ time: "", text: "x" }]);
    expect(texts(buffer)).to.deep.equal(["x", "x"]);
    expect(buffer.since).to.equal(undefined);
  });

  it("keeps the last lines, and says how many are not kept", () => {
    const buffer = new LogBuffer();
    for (let at = 0; at < MAX_LINES + 1_000; at += 100)
      buffer.add(Array.from({ length: 100 }, (_, index) => line(at + index, String(at + index))));
    expect(buffer.dropped).to.equal(1_000);
    expect(texts(buffer).at(-1)).to.equal(String(MAX_LINES + 999));
    expect(texts(buffer)).to.have.length(MAX_LINES);
  });

  it("leaves full blocks as they are, so that a page draws them once", () => {
    const buffer = new LogBuffer();
    buffer.add(Array.from({ length: 450 }, (_, at) => line(at, String(at))));
    const before = buffer.blocks;
    buffer.add([line(450, "450")]);
    expect(buffer.blocks.slice(0, 2)).to.deep.equal(before.slice(0, 2));
    expect(buffer.blocks[0]).to.equal(before[0]);
    expect(buffer.blocks[2]).not.to.equal(before[2]);
  });
});
