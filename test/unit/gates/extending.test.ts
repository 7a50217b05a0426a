import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { repository } from "../controllers/support/resources.js";
import { frozenSourceGate } from "./support/frozen-source.js";
import { gateContext, listerOf } from "./support/gate-context.js";

const read = (path: string): string => readFileSync(join(repositoryRoot(), path), "utf8");

describe("the page on how to add a gate", () => {
  it("shows code that is compiled here", () => {
    const [, shown] = /```ts\n([\s\S]*?)```/.exec(read("docs/extending/gates.md")) ?? [];
    const compiled = read("test/unit/gates/support/frozen-source.ts").replaceAll("../../../../src/gates/", "./");
    expect(shown).to.equal(compiled);
  });

  it("shows a gate that does what the page says", () => {
    const judge = (suspend: boolean) =>
      frozenSourceGate.judge(gateContext({ lister: listerOf([], [repository("shop/repo", { spec: { suspend } })]) }));
    expect(judge(false)).to.deep.equal({ state: "Pass" });
    expect(judge(true)).to.include({ state: "Wait" });
    expect(frozenSourceGate.judge(gateContext())).to.include({ state: "Wait" });
  });
});
