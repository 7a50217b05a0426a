import { expect } from "chai";
import { compileFolderGlobs, compileGlobs } from "../../../src/render/glob.js";
import { UnsupportedSourceError } from "../../../src/render/render-error.js";

describe("compileGlobs", () => {
  const matches: readonly [pattern: string, path: string, expected: boolean][] = [
    ["*.yaml", "a.yaml", true],
    ["*.yaml", "b/a.yaml", false],
    ["**/*.yaml", "a.yaml", true],
    ["**/*.yaml", "b/c/a.yaml", true],
    ["b", "b/c/a.yaml", true],
    ["b", "bc/a.yaml", false],
    ["b/", "b/c/a.yaml", true],
    ["b/**", "b/c/a.yaml", true],
    ["b/*", "b/c/a.yaml", true],
    ["./a.yaml", "a.yaml", true],
    ["/a.yaml", "a.yaml", true],
    ["a-?.yaml", "a-1.yaml", true],
    ["a-?.yaml", "a-/.yaml", false],
    ["{a,b}.yaml", "b.yaml", true],
    ["a.yaml", "axyaml", false],
    ["c@1.0~x/#y+z=:,%$^|.yaml", "c@1.0~x/#y+z=:,%$^|.yaml", true],
    ["**/b/**/d.yaml", "a/b/c/d.yaml", true],
    ["**/b/**/d.yaml", "b/d.yaml", true],
    ["**/b/**/d.yaml", "a/c/d.yaml", false],
    ["a/**/b/*/c", "a/b/x/b/y/c", true],
    ["*a*b*c*", "xaybzc", true],
    ["*a*b*c", "xaybzcd", false],
    ["**", "a/b", true],
    ["a**b.yaml", "axyb.yaml", true],
    ["{a,b{1,2},}/x{.yaml,.yml}", "b2/x.yml", true],
    ["{a,b{1,2},}/x{.yaml,.yml}", "x.yaml", true],
    ["{a,b{1,2}}/x{.yaml,.yml}", "b/x.yml", false],
  ];
  for (const [pattern, path, expected] of matches) {
    it(`${pattern} ${expected ? "matches" : "does not match"} ${path}`, () => {
      expect(compileGlobs("source.include", [pattern])(path)).to.equal(expected);
    });
  }

  it("matches nothing without patterns", () => expect(compileGlobs("source.exclude", [])("a")).to.equal(false));

  const refused: readonly [pattern: string, message: string][] = [
    ["", "is empty"],
    ["x".repeat(257), "longer than 256"],
    ["(a+)+b", "may use"],
    ["[a-z]*", "may use"],
    ["!a", "may use"],
    ["+(a)", "may use"],
    ["a\nb", "may use"],
    ["../a", "may not leave"],
    ["{a,b", "without its other half"],
    ["a}", "without its other half"],
    ["{1,2,3,4}{1,2,3,4}{1,2,3,4}{1,2,3,4}{1,2}", "too many others"],
  ];
  for (const [pattern, message] of refused) {
    it(`refuses ${JSON.stringify(pattern.slice(0, 20))}`, () => {
      expect(() => compileGlobs("source.include", [pattern])).to.throw(UnsupportedSourceError, message);
    });
  }

  it("refuses very many", () => {
    expect(() => compileGlobs("source.exclude", Array<string>(65).fill("a"))).to.throw(
      UnsupportedSourceError,
      "source.exclude",
    );
  });

  it("is quick for every pattern and name", () => {
    const worst: readonly [pattern: string, parts: number, length: number][] = [
      ["**/*a*a*a/**/*a*a*a/**/*a*a*ab", 16, 255],
      [`${"*a".repeat(100)}b`, 1, 255],
      [`${"**/a/".repeat(40)}b`, 2000, 1],
      ["{a,aa,aaa}{a,aa,aaa}{a,aa,aaa}*b", 16, 255],
    ];
    const before = process.cpuUsage();
    for (const [pattern, parts, length] of worst) {
      const path = Array<string>(parts).fill("a".repeat(length)).join("/");
      expect(compileGlobs("source.exclude", [pattern])(path)).to.equal(false);
    }
    expect(process.cpuUsage(before).user / 1000, "CPU ms").to.be.lessThan(500);
  });
});

describe("compileFolderGlobs", () => {
  const folders: readonly [pattern: string, folder: string, expected: boolean][] = [
    ["a", "a", true],
    ["a", "a/b", true],
    ["a/b", "a", true],
    ["a/b/*.yaml", "a/b", true],
    ["a/*.yaml", "a/b", false],
    ["a/b", "a/c", false],
    ["*.yaml", "base.d", false],
    ["*/x.yaml", "base.d", true],
    ["**/*.yaml", "base.d", true],
    ["a/**/x.yaml", "a/b/c", true],
    ["a/**/x.yaml", "b", false],
    ["{a,b}/x.yaml", "b", true],
  ];
  for (const [pattern, folder, expected] of folders) {
    it(`${folder} ${expected ? "may" : "cannot"} hold paths that match ${pattern}`, () => {
      expect(compileFolderGlobs("source.include", [pattern])(folder)).to.equal(expected);
    });
  }
});
