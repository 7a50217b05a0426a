import { expect } from "chai";
import { commitRange } from "../../../../src/git/signatures/commit-range.js";

/** A history as parents by commit; what is not listed was not received. */
const range = (history: Readonly<Record<string, string>>, newer: string, older: string) =>
  commitRange(newer, older, async (id) => history[id]?.split(" ").filter((parent) => parent !== ""));

describe("commitRange", () => {
  it("contains what the newer commit adds, the newest first", async () => {
    const history = { d: "c", c: "b", b: "a", a: "" };
    expect(await range(history, "d", "b")).to.deep.equal({ kind: "commits", commits: ["d", "c"] });
  });

  it("contains merged-in commits, up to where they left the history of the older commit", async () => {
    const history = { m: "b s2", s2: "s1", s1: "a", b: "a", a: "" };
    expect(await range(history, "m", "b")).to.deep.equal({ kind: "commits", commits: ["m", "s2", "s1"] });
  });

  it("is undecided while a merged-in commit, which may be hidden, was not received", async () => {
    expect(await range({ m: "b s", b: "a", a: "" }, "m", "b")).to.deep.equal({ kind: "cut" });
    expect(await range({ m: "b s", s: "x", b: "a" }, "m", "b")).to.deep.equal({ kind: "cut" });
  });

  it("needs no more of the history of the older commit than what is merged", async () => {
    expect(await range({ c: "b", b: "a" }, "c", "b")).to.deep.equal({ kind: "commits", commits: ["c"] });
    expect(await range({ m: "b s", s: "a", b: "a" }, "m", "b")).to.deep.equal({ kind: "commits", commits: ["m", "s"] });
  });

  it("is undecided for a first commit that may belong to the older history", async () => {
    expect(await range({ m: "b s", s: "r", r: "", b: "a" }, "m", "b")).to.deep.equal({ kind: "cut" });
  });

  it("does not exist if the newer commit does not descend from the older one", async () => {
    const history = { c: "a", b: "a", a: "" };
    expect(await range(history, "c", "b")).to.deep.equal({ kind: "unrelated" });
    expect(await range({ a: "" }, "a", "b")).to.deep.equal({ kind: "unrelated" });
  });

  it("ends for a history with a loop", async () => {
    expect(await range({ c: "b", b: "c" }, "c", "x")).to.deep.equal({ kind: "unrelated" });
  });
});
