import { expect } from "chai";
import { testsOfChange } from "../../../tools/changed-tests.js";

const THERE = new Set([
  "test/unit/plan/plan.test.ts",
  "test/unit/plan",
  "test/unit/tools/cache.test.ts",
  "test/unit/git/refs.test.ts",
]);
const of = (...changed: string[]) => testsOfChange(changed, (path) => THERE.has(path));

describe("the tests of a change", () => {
  it("are the house rules when nothing has changed", () => {
    expect(of()).to.deep.equal(["test/house"]);
  });

  it("are those that mirror a changed source", () => {
    expect(of("src/plan/plan.ts")).to.deep.equal(["test/house", "test/unit/plan/plan.test.ts"]);
    expect(of("tools/cache.ts")).to.deep.equal(["test/house", "test/unit/tools/cache.test.ts"]);
  });

  it("are those of the whole folder when no test mirrors the source", () => {
    expect(of("src/plan/actions.ts")).to.deep.equal(["test/house", "test/unit/plan"]);
  });

  it("are changed unit tests themselves, each once", () => {
    expect(of("test/unit/git/refs.test.ts", "test/unit/git/refs.test.ts")).to.deep.equal([
      "test/house",
      "test/unit/git/refs.test.ts",
    ]);
  });

  it("leave out what has no unit test: documents, behaviour tests, deleted tests", () => {
    expect(of("docs/install.md", "test/behaviour/sync.test.ts", "test/unit/git/gone.test.ts")).to.deep.equal([
      "test/house",
    ]);
  });
});
