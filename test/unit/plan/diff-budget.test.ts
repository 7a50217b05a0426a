import { expect } from "chai";
import fc from "fast-check";
import type { FieldChange } from "../../../src/api/change.js";
import { DiffBudget } from "../../../src/plan/diff-budget.js";
import { describePlan } from "../../../src/plan/plan.js";
import { write } from "./support/objects.js";

const KEPT = 10_000;

/** Lets a budget keep these diffs, in this order. Returns them in theirs. */
function kept(diffs: readonly (readonly FieldChange[])[], order = diffs.map((_, at) => at)) {
  const budget = new DiffBudget(KEPT);
  const added = new Map(order.map((at) => [at, budget.add(diffs[at] ?? [])]));
  return diffs.map((_, at) => budget.cut(added.get(at) ?? []));
}

const field = (to: string, from?: string): FieldChange => ({
  path: ".data.a",
  to,
  ...(from === undefined ? {} : { from }),
});
const sizeOf = (diffs: readonly (readonly FieldChange[])[]): number =>
  diffs.flat().reduce((sum, { path, from = "", to = "" }) => sum + path.length + from.length + to.length, 0);

describe("the budget of the diffs of a plan", () => {
  it("keeps all of them while they fit", () => {
    const diffs = [[field("x".repeat(4_000))], [field("y".repeat(4_000), "z")]];
    expect(kept(diffs)).to.deep.equal(diffs);
  });

  it("shortens long values of all of them if they do not, so that a plan says what it lacks", () => {
    const diffs = [[field("x".repeat(9_000))], [field("y".repeat(4_000), "short")]];
    const [first = [], second = []] = kept(diffs);
    expect(first).to.deep.equal([field(`${"x".repeat(512)}… (9000 characters)`)]);
    expect(second).to.deep.equal([field(`${"y".repeat(512)}… (4000 characters)`, "short")]);
    const writes = [first, second].map((diff, at) => write(`v1 ConfigMap shop/w${at}`, { verb: "Update", diff }));
    const { incomplete } = describePlan({ writes, deferred: [], pruneCandidates: [] }, "Entire");
    expect(incomplete).to.equal("not shown: 2 diffs with long values or many fields");
  });

  it("drops the values if that is too much as well", () => {
    const long = Array.from({ length: 100 }, () => field("x".repeat(600)));
    const [first = []] = kept([long, [{ path: "and 5 more" }]]);
    expect(first[0]).to.deep.equal(field("… (600 characters)"));
    expect(first.at(-1)).to.deep.equal({ path: "and 90 more" });
  });

  it("gives the same in whatever order objects are compared, within its bound", () => {
    const text = fc.integer({ min: 0, max: 3_000 }).map((length) => "é".repeat(length));
    const diff = fc.array(fc.record({ path: fc.constant(".a"), from: text, to: text }), { maxLength: 12 });
    const diffs = fc.array(diff, { maxLength: 20 });
    fc.assert(
      fc.property(
        diffs.chain((all) =>
          fc.tuple(
            fc.constant(all),
            fc.shuffledSubarray(
              all.map((_, at) => at),
              { minLength: all.length },
            ),
          ),
        ),
        ([all, order]) => {
          const result = kept(all, order);
          expect(result).to.deep.equal(kept(all));
          const words = 2 * 30 * 20 * 12;
          expect(sizeOf(result)).to.be.at.most(KEPT + words);
        },
      ),
      { numRuns: 200 },
    );
  });
});
