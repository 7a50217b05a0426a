import { expect } from "chai";
import { parseVersionRange, parseVersionTag, VersionRangeError } from "../../../../src/git/refs/version-range.js";

/** The versions that most rows choose among. */
const TAGS = [
  "v0.9.0",
  "v1.0.0-rc.1",
  "v1.0.0",
  "v1.1.0-rc.1",
  "v1.2.0",
  "v1.2.5",
  "v2.0.0-rc.1",
  "v2.0.0",
  "v3.1.0-beta.2",
];
const STABLE = TAGS.filter((tag) => !tag.includes("-"));

function chosen(range: string, tags: readonly string[] = TAGS): string[] {
  const parsed = parseVersionRange(range);
  return tags.filter((tag) => {
    const version = parseVersionTag(tag);
    return version !== undefined && parsed.has(version);
  });
}

/** What users of Flux and Helm, npm and Cargo write, and which of the tags it means. */
const TABLE: readonly (readonly [range: string, expected: readonly string[]])[] = [
  ["*", STABLE],
  ["x", STABLE],
  ["*-0", TAGS],
  [">=1.0.0-0", TAGS.slice(1)],
  [">=0.0.0-0", TAGS],
  [">=1.0.0", ["v1.0.0", "v1.2.0", "v1.2.5", "v2.0.0"]],
  [">=1.0.0-rc.1", ["v1.0.0-rc.1", "v1.0.0", "v1.2.0", "v1.2.5", "v2.0.0"]],
  [">=1.0.0-rc.2 <1.1.0", ["v1.0.0"]],
  [">=1.0.0, <2.0.0", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  [">=1.0.0,<2.0.0", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  [">=1.0.0 <2.0.0", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  [">= 1.0.0 , < 2.0.0", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  [">=1.0.0-0, <2.0.0", ["v1.0.0-rc.1", "v1.0.0", "v1.1.0-rc.1", "v1.2.0", "v1.2.5"]],
  [">=1.0.0-0, <2.0.0-0", ["v1.0.0-rc.1", "v1.0.0", "v1.1.0-rc.1", "v1.2.0", "v1.2.5"]],
  [">=1.1.0-0 <=2.0.0", ["v1.1.0-rc.1", "v1.2.0", "v1.2.5", "v2.0.0-rc.1", "v2.0.0"]],
  ["=>1.2, =<2", ["v1.2.0", "v1.2.5", "v2.0.0"]],
  ["1", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  ["1.x", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  ["v1.x", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  ["1.*", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  ["1.x.x", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  ["1.x-0", ["v1.0.0-rc.1", "v1.0.0", "v1.1.0-rc.1", "v1.2.0", "v1.2.5"]],
  ["~1-0", ["v1.0.0-rc.1", "v1.0.0", "v1.1.0-rc.1", "v1.2.0", "v1.2.5"]],
  ["^1-0", ["v1.0.0-rc.1", "v1.0.0", "v1.1.0-rc.1", "v1.2.0", "v1.2.5"]],
  ["1.1.x-0", ["v1.1.0-rc.1"]],
  ["1.2", ["v1.2.0", "v1.2.5"]],
  ["=1.2", ["v1.2.0", "v1.2.5"]],
  ["~1.2", ["v1.2.0", "v1.2.5"]],
  ["~>1.2", ["v1.2.0", "v1.2.5"]],
  ["~1.2.1", ["v1.2.5"]],
  ["^1.1", ["v1.2.0", "v1.2.5"]],
  ["^1.0.0-0", ["v1.0.0-rc.1", "v1.0.0", "v1.1.0-rc.1", "v1.2.0", "v1.2.5"]],
  ["^0.9", ["v0.9.0"]],
  ["1.2.0", ["v1.2.0"]],
  ["v1.2.0", ["v1.2.0"]],
  ["=1.1.0-rc.1", ["v1.1.0-rc.1"]],
  [">1", ["v2.0.0"]],
  ["<1", ["v0.9.0"]],
  ["<1.0.0-rc.2", ["v0.9.0", "v1.0.0-rc.1"]],
  ["1.0.0 - 1.2.0", ["v1.0.0", "v1.2.0"]],
  ["1 - 1", ["v1.0.0", "v1.2.0", "v1.2.5"]],
  ["1.x, !=1.2.0", ["v1.0.0", "v1.2.5"]],
  [">=1, !=1.2", ["v1.0.0", "v2.0.0"]],
  ["0.x || ^2", ["v0.9.0", "v2.0.0"]],
  ["^1.2.3 || >=3.0.0-0", ["v1.2.5", "v3.1.0-beta.2"]],
  ["1.2.0, 1.2.5", []],
];

describe("a range over versions", () => {
  for (const [range, expected] of TABLE) {
    it(`${range} is ${expected.join(", ") || "none of them"}`, () => expect(chosen(range)).to.deep.equal(expected));
  }

  for (const text of [
    "",
    " ",
    "latest",
    ">=1.0.0,",
    ",1.x",
    "1.x ||",
    ">=",
    "1.x-rc.1",
    "~1.2-beta",
    "1.0.0 -2",
    "1.2.3.4",
    "01.2.3",
    "=>=1",
  ]) {
    it(`${JSON.stringify(text)} is refused`, () => expect(() => parseVersionRange(text)).to.throw(VersionRangeError));
  }
});

describe("a tag that stands for a version", () => {
  for (const [tag, version] of [
    ["1.2.3", "1.2.3"],
    ["v1.2.3", "1.2.3"],
    ["v1.2", "1.2.0"],
    ["1.2", "1.2.0"],
    ["v1.2-rc.1", "1.2.0-rc.1"],
    ["2024.10", "2024.10.0"],
    ["v1", undefined],
    ["20241129", undefined],
    ["2024.01", undefined],
    ["release-1.2.3", undefined],
    ["1.2.3.4", undefined],
  ] as const) {
    it(`${tag} is ${version ?? "none"}`, () => expect(parseVersionTag(tag)?.version).to.equal(version));
  }
});
