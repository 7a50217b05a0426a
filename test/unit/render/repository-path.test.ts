import { expect } from "chai";
import { closest } from "../../../src/render/closest.js";
import { PathNotFoundError } from "../../../src/render/render-error.js";
import { joinPath, nameOf, normalisePath, parentOf, resolveTarget } from "../../../src/render/repository-path.js";

describe("repository paths", () => {
  for (const [written, path] of [
    ["", ""],
    [".", ""],
    ["/", ""],
    ["./a//b/./c/", "a/b/c"],
    ["/a", "a"],
    ["a..b/...", "a..b/..."],
  ] as const) {
    it(`${JSON.stringify(written)} is ${JSON.stringify(path)}`, () => expect(normalisePath(written)).to.equal(path));
  }

  for (const path of ["..", "a/../b", "../a", "a/..", "a\0b"]) {
    it(`refuses ${JSON.stringify(path)}`, () => expect(() => normalisePath(path)).to.throw(PathNotFoundError));
  }

  it("come apart and together", () => {
    expect([joinPath("", "a"), joinPath("a/b", "c/d")]).to.deep.equal(["a", "a/b/c/d"]);
    expect([parentOf("a/b/c"), parentOf("a"), parentOf("")]).to.deep.equal(["a/b", "", ""]);
    expect([nameOf("a/b.yaml"), nameOf("b")]).to.deep.equal(["b.yaml", "b"]);
  });

  for (const [link, target, resolved] of [
    ["a/l", "x", "a/x"],
    ["a/l", "../x", "x"],
    ["a/b/l", "./../c//x/.", "a/c/x"],
    ["l", "a/../b", "b"],
    ["l", "..", undefined],
    ["a/l", "../../x", undefined],
    ["a/l", "../../a/x", undefined],
    ["a/l", "/x", undefined],
  ] as const) {
    it(`a link ${link} → ${target} leads to ${resolved ?? "nowhere here"}`, () => {
      expect(resolveTarget(link, target)).to.equal(resolved);
    });
  }
});

describe("closest", () => {
  for (const [wanted, candidates, best] of [
    ["shop", ["blog", "shopp", "chop"], "shopp"],
    ["Shop", ["shop"], "shop"],
    ["prod", ["staging", "dev"], undefined],
    ["production", ["prod", "productions"], "productions"],
    ["x", [], undefined],
  ] as const) {
    it(`${wanted} among ${candidates.join(", ")}: ${best}`, () => expect(closest(wanted, candidates)).to.equal(best));
  }
});
