import { expect } from "chai";
import { codeFiles, lineCount, type SourceFile } from "./sources.js";

const MOST_LINES = 300;
const HARD_LIMIT = 500;
const MEDIAN_LINES = 120;

/** Files that may be longer than most, up to the hard limit, each with its reason. Keep this short. */
const LONG_FILES: ReadonlyMap<string, string> = new Map([]);

describe("files", () => {
  const code = codeFiles();

  it(`have at most ${MOST_LINES} lines, or a reason to be longer; tests, which hold tables, only the hard limit`, () => {
    const untabled = code.filter(({ path }) => !path.endsWith(".test.ts"));
    const long = untabled.filter((file) => lineCount(file) > MOST_LINES && !LONG_FILES.has(file.path));
    expect(long.map(describeLength)).to.deep.equal([]);
  });

  it(`have at most ${HARD_LIMIT} lines, whatever the reason`, () => {
    expect(code.filter((file) => lineCount(file) > HARD_LIMIT).map(describeLength)).to.deep.equal([]);
  });

  it("that are listed as long are there, and long", () => {
    const lengths = new Map(code.map((file) => [file.path, lineCount(file)]));
    expect([...LONG_FILES.keys()].filter((path) => (lengths.get(path) ?? 0) <= MOST_LINES)).to.deep.equal([]);
  });

  it(`of the product have a median of at most ${MEDIAN_LINES} lines`, () => {
    const lengths = codeFiles(["src"])
      .map(lineCount)
      .sort((a, b) => a - b);
    expect(lengths[Math.floor(lengths.length / 2)]).to.be.at.most(MEDIAN_LINES);
  });

  it("and folders are named in kebab-case", () => {
    const name = /^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.tsx?$/;
    expect(code.map(({ path }) => path).filter((path) => !name.test(path))).to.deep.equal([]);
  });

  it("with tests end in .test.ts, and only they", () => {
    const wrong = code.filter(
      ({ path, text }) => path.startsWith("test/") && path.endsWith(".test.ts") !== /^describe\(/m.test(text),
    );
    expect(wrong.map(({ path }) => path)).to.deep.equal([]);
  });

  it("mirror the product: a folder of unit tests belongs to a room", () => {
    const rooms = new Set([
      ...codeFiles(["src"]).map(({ path }) => path.split("/")[1]),
      "tools",
      "bench",
      "support",
      "ui",
    ]);
    const strays = codeFiles(["test/unit"])
      .map(({ path }) => path.split("/")[2])
      .filter((folder) => !rooms.has(folder));
    expect([...new Set(strays)]).to.deep.equal([]);
  });
});

function describeLength(file: SourceFile): string {
  return `${file.path}: ${lineCount(file)} lines`;
}
