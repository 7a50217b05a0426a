import { expect } from "chai";
import { orderNotes } from "../../../src/render/notes.js";

describe("orderNotes", () => {
  const note = (file: string, line: number, message: string, object = "App a") => ({
    origin: { file, line },
    object,
    message,
  });

  it("sorts by file, line, object and message, whatever the order they were found in", () => {
    const notes = [
      note("b.yaml", 1, "x"),
      note("a.yaml", 10, "x"),
      note("a.yaml", 9, "y"),
      note("a.yaml", 9, "x", "App b"),
      note("a.yaml", 9, "x"),
      { message: "without a place" },
    ];
    const sorted = orderNotes(notes).notes.map(({ origin, object, message }) =>
      [origin?.file, origin?.line, object, message].join(" ").trim(),
    );
    expect(sorted).to.deep.equal([
      "without a place",
      "a.yaml 9 App a x",
      "a.yaml 9 App a y",
      "a.yaml 9 App b x",
      "a.yaml 10 App a x",
      "b.yaml 1 App a x",
    ]);
    expect(orderNotes([...notes].reverse())).to.deep.equal(orderNotes(notes));
  });

  it("drops duplicates and counts what does not fit", () => {
    const many = Array.from({ length: 130 }, (_, index) => note("a.yaml", index + 1, "x"));
    const { notes, omitted } = orderNotes([...many, ...many]);
    expect(notes).to.have.length(100);
    expect(omitted).to.equal(30);
    expect(orderNotes(many.slice(0, 100)).omitted).to.equal(0);
  });
});
