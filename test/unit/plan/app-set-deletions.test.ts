import { expect } from "chai";
import fc from "fast-check";
import {
  type AppDeletionFacts,
  appsDeletedWithSet,
  type DeletableApp,
  judgeAppDeletions,
} from "../../../src/plan/app-set-deletions.js";

const app = (name: string, prune?: string): DeletableApp => ({
  metadata: { name, uid: `uid-${name}`, ...(prune ? { annotations: { "gitops.overseer.io/prune": prune } } : {}) },
});
const apps = (...names: string[]): DeletableApp[] => names.map((name) => app(name));
const judge = (facts: Partial<AppDeletionFacts<DeletableApp>>) => {
  const { deletes, kept, hold, hash } = judgeAppDeletions({
    ...{ set: { namespace: "shop", name: "fleet" }, candidates: [], total: 10, prune: true, budget: undefined },
    ...{ allowEmpty: false, empty: [], confirmed: undefined },
    ...facts,
  });
  const names = (list: readonly DeletableApp[]): string => list.map(({ metadata }) => metadata.name).join();
  return { deletes: names(deletes), kept: names(kept), hold: hold?.reason, message: hold?.message ?? "", hash };
};

describe("The deletions of a set", () => {
  const cases: readonly (readonly [what: string, facts: Partial<AppDeletionFacts<DeletableApp>>, expected: object])[] =
    [
      ["nothing to delete", {}, { deletes: "", hold: undefined }],
      ["within the default budget", { candidates: apps("a", "b", "c") }, { deletes: "a,b,c", hold: undefined }],
      ["above the default budget", { candidates: apps("a", "b", "c", "d") }, { hold: "AppDeletions" }],
      ["a quarter of many", { candidates: apps("a", "b", "c", "d"), total: 16 }, { hold: undefined }],
      ["budget 0", { candidates: apps("a"), budget: 0 }, { hold: "AppDeletions" }],
      ["budget of 50%", { candidates: apps("a", "b", "c", "d", "e"), budget: "50%" }, { hold: undefined }],
      ["prune: false", { candidates: apps("a"), prune: false }, { deletes: "", kept: "a", hold: undefined }],
      ["an app that is kept", { candidates: [app("a", "disabled"), app("b")] }, { deletes: "b", kept: "a" }],
      ["an app that asks", { candidates: [app("a", "confirm")] }, { hold: "AppDeletions" }],
      [
        "a confirmed app",
        { candidates: [app("a", "confirmed")], budget: 0, empty: ["x"] },
        { deletes: "a", hold: undefined },
      ],
      ["a confirmed app with prune: false", { candidates: [app("a", "confirmed")], prune: false }, { deletes: "a" }],
      ["an empty generator", { candidates: apps("a"), empty: ["spec.generators[0]"] }, { hold: "NothingGenerated" }],
      ["an empty generator without deletions", { empty: ["spec.generators[0]"] }, { hold: undefined }],
      ["allowEmpty", { candidates: apps("a"), empty: ["x"], allowEmpty: true }, { hold: undefined }],
      [
        "allowEmpty above the budget",
        { candidates: apps("a"), empty: ["x"], allowEmpty: true, budget: 0 },
        { hold: "AppDeletions" },
      ],
    ];
  for (const [what, facts, expected] of cases) {
    it(`are judged for ${what}`, () => expect(judge(facts)).to.deep.include(expected));
  }

  it("above the budget are confirmed by the hash of exactly these apps", () => {
    const candidates = apps("b", "a");
    const { hash, message } = judge({ candidates, budget: 0 });
    expect(message).to.equal(
      `2 of 10 apps would be deleted, more than the budget of 0 permits (a, b): to confirm, run kubectl -n shop annotate overseerappset fleet gitops.overseer.io/confirm-deletions=${hash} --overwrite`,
    );
    expect(judge({ candidates: apps("a", "b"), budget: 0, confirmed: hash }).hold).to.equal(undefined);
    expect(judge({ candidates: apps("a", "b", "c"), budget: 0, confirmed: hash }).hold).to.equal("AppDeletions");
    const again = [{ metadata: { name: "a", uid: "another" } }, app("b")];
    expect(judge({ candidates: again, budget: 0, confirmed: hash }).hold).to.equal("AppDeletions");
    expect(judge({ candidates, budget: 0, confirmed: hash, empty: ["x"] }).hold).to.equal("NothingGenerated");
  });

  it("never exceed the budget, and never follow an empty generator, unless they are confirmed", () => {
    const name = fc.string({ minLength: 1, maxLength: 3 });
    const some = fc.uniqueArray(fc.tuple(name, fc.constantFrom(undefined, "disabled", "confirm")), {
      selector: ([one]) => one,
    });
    fc.assert(
      fc.property(some, fc.nat(20), fc.boolean(), (all, budget, empty) => {
        const candidates = all.map(([one, mark]) => app(one, mark));
        const verdict = judgeAppDeletions({
          ...{ set: { namespace: "s", name: "f" }, candidates, total: candidates.length, prune: true, budget },
          ...{ allowEmpty: false, empty: empty ? ["g"] : [], confirmed: undefined },
        });
        if (verdict.hold !== undefined) return;
        expect(verdict.deletes.length).to.be.at.most(empty ? 0 : budget);
        expect(verdict.deletes.every(({ metadata }) => metadata.annotations === undefined)).to.equal(true);
        expect(verdict.deletes.length + verdict.kept.length).to.equal(candidates.length);
      }),
    );
  });

  it("with the set itself spare what an annotation protects", () => {
    const names = appsDeletedWithSet([app("a"), app("b", "disabled"), app("c", "confirm"), app("d", "confirmed")]);
    expect(names.map(({ metadata }) => metadata.name)).to.deep.equal(["a", "d"]);
    const paused = { metadata: { name: "e", uid: "e", annotations: { "gitops.overseer.io/reconcile": "disabled" } } };
    expect(appsDeletedWithSet([app("a"), paused])).to.have.length(1);
  });
});
