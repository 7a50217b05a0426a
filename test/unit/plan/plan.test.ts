import { expect } from "chai";
import type { PreviewedWrite } from "../../../src/plan/actions.js";
import { isEmptyPlan, type Plan, planHash, summarize } from "../../../src/plan/plan.js";
import type { PruneDecision } from "../../../src/plan/prune-guard.js";
import { prune } from "./support/judge.js";
import { action, document, live, waiting, write } from "./support/objects.js";

const EMPTY: Plan = { writes: [], deferred: [], pruneCandidates: [] };
const MAP = "v1 ConfigMap shop/a";

const deletes = (...names: readonly string[]): readonly PruneDecision[] =>
  prune({ pruneCandidates: names.map((name) => live(`v1 ConfigMap shop/${name}`)) }).decisions;
const keeps = (name: string): readonly PruneDecision[] =>
  prune({ pruneCandidates: [live(`v1 ConfigMap shop/${name}`)], prune: false }).decisions;
const handsOver = (to: string): readonly PruneDecision[] =>
  prune({ pruneCandidates: [live(MAP)], claimedBy: () => to }).decisions;

describe("isEmptyPlan and summarise", () => {
  const cases: readonly (readonly [string, Plan, boolean, string])[] = [
    ["nothing", EMPTY, true, "+0 ~0 -0"],
    ["what is kept alone", { ...EMPTY, pruneCandidates: keeps("a") }, true, "+0 ~0 -0"],
    ["a new object", { ...EMPTY, writes: [write(MAP)] }, false, "+1 ~0 -0"],
    ["an adopted object", { ...EMPTY, writes: [write(MAP, { verb: "Adopt" })] }, false, "+1 ~0 -0"],
    ["an edited object", { ...EMPTY, writes: [write(MAP, { verb: "Update" })] }, false, "+0 ~1 -0"],
    ["a new object that waits for its kind", { ...EMPTY, deferred: [waiting(MAP)] }, false, "+1 ~0 -0"],
    ["an edited object that waits for its kind", { ...EMPTY, deferred: [waiting(MAP, "Update")] }, false, "+0 ~1 -0"],
    ["a deletion", { ...EMPTY, pruneCandidates: deletes("a") }, false, "+0 ~0 -1"],
    ["a hand-over", { ...EMPTY, pruneCandidates: handsOver("shop/other") }, false, "+0 ~0 -1"],
    [
      "some of each",
      {
        writes: [
          write("v1 Secret shop/a"),
          write("v1 Secret shop/b", { verb: "Update" }),
          write("v1 Secret shop/c", { verb: "Adopt" }),
        ],
        deferred: [waiting("v1 Secret shop/d"), waiting("v1 Secret shop/e", "Update")],
        pruneCandidates: [...deletes("f", "g"), ...keeps("h"), ...handsOver("shop/other")],
      },
      false,
      "+3 ~2 -3",
    ],
  ];
  for (const [what, plan, empty, summary] of cases) {
    it(`take ${what} for ${empty ? "nothing to do" : "work"}: ${summary}`, () => {
      expect(isEmptyPlan(plan)).to.equal(empty);
      expect(summarize(plan)).to.equal(summary);
    });
  }
});

const DIFF = [{ path: ".data.a", from: "1", to: "2" }];
const PLAN: Plan = {
  writes: [write("v1 Secret shop/a", { verb: "Update", diff: DIFF }), write("v1 Secret shop/b")],
  deferred: [waiting("example.com/v1 Widget shop/c"), waiting("example.com/v1 Widget shop/d", "Update")],
  pruneCandidates: [...deletes("e", "f"), ...handsOver("shop/other")],
};
const hash = (plan: Plan, key = "key"): string => planHash(plan, key);

/** Returns the plan with its first write changed. */
function rewritten(change: Partial<PreviewedWrite>): Plan {
  const [first, ...others] = PLAN.writes;
  return { ...PLAN, writes: first ? [{ ...first, ...change }, ...others] : [] };
}

describe("planHash", () => {
  it("is 32 hex digits, and the same for the same plan", () => {
    expect(hash(PLAN)).to.match(/^[0-9a-f]{32}$/);
    expect(hash(structuredCloneOf(PLAN))).to.equal(hash(PLAN));
  });

  it("depends on the documents of hooks, so that an approval is for them as well", () => {
    const spec = { phases: ["PreSync"], deletePolicies: [], timeoutMs: undefined, wave: 0 } as const;
    const hooked = (text: string, of: string): string =>
      hash({ ...PLAN, hooks: [{ document: document(text, of), spec }] });
    const one = hooked("batch/v1 Job shop/migrate", "h1");
    expect(one).not.to.equal(hash(PLAN));
    expect(one).not.to.equal(hooked("batch/v1 Job shop/migrate", "h2"));
    expect(one).not.to.equal(hooked("batch/v1 Job shop/other", "h1"));
    expect(one).to.equal(hooked("batch/v1 Job shop/migrate", "h1"));
  });

  it("depends on the documents of paused objects, which are written later without being judged again", () => {
    const paused = (of: string): string => hash({ ...PLAN, paused: [document("v1 ConfigMap shop/p", of)] });
    expect(paused("h1")).not.to.equal(hash(PLAN));
    expect(paused("h1")).not.to.equal(paused("h2"));
  });

  it("does not depend on the order", () => {
    const turned: Plan = {
      writes: [...PLAN.writes].reverse(),
      deferred: [...PLAN.deferred].reverse(),
      pruneCandidates: [...PLAN.pruneCandidates].reverse(),
    };
    expect(hash(turned)).to.equal(hash(PLAN));
  });

  const same: readonly (readonly [string, Plan])[] = [
    [
      "the resourceVersion, state or health of what is deleted",
      {
        ...PLAN,
        pruneCandidates: prune({
          pruneCandidates: ["e", "f"].map((name) =>
            live(`v1 ConfigMap shop/${name}`, {
              resourceVersion: "99",
              state: "Drifted",
              health: { status: "Degraded", message: "x" },
            }),
          ),
        }).decisions.concat(handsOver("shop/other")),
      },
    ],
    ["what is kept", { ...PLAN, pruneCandidates: [...PLAN.pruneCandidates, ...keeps("z")] }],
    ["the stamp", rewritten({ stamp: "another" })],
    [
      "what others have edited since the last apply",
      rewritten({ diff: [{ path: ".data.a", from: "by hand", to: "2" }] }),
    ],
    ["a warning", rewritten({ warnings: ["deprecated"] })],
    ["the reason of an adoption", rewritten({ reason: "nobody's" })],
    [
      "the live object under a write",
      rewritten({
        action: { ...action("v1 Secret shop/a", "Update"), live: live("v1 Secret shop/a", { resourceVersion: "99" }) },
      }),
    ],
  ];
  for (const [what, plan] of same) {
    it(`does not depend on ${what}`, () => expect(hash(plan)).to.equal(hash(PLAN)));
  }

  const others: readonly (readonly [string, Plan])[] = [
    ["the verb of a write", rewritten({ verb: "Adopt" })],
    ["the document of a write", rewritten({ action: action("v1 Secret shop/a", "Update", "other") })],
    ["the object of a write", rewritten({ action: action("v1 Secret shop/z", "Update") })],
    ["the namespace of a write", rewritten({ action: action("v1 Secret other/a", "Update") })],
    ["the object that is adopted", rewritten({ adopts: "another" })],
    [
      "the last applied document",
      rewritten({
        action: { ...action("v1 Secret shop/a", "Update"), live: live("v1 Secret shop/a", { documentHash: "older" }) },
      }),
    ],
    [
      "the uid of what is deleted",
      {
        ...PLAN,
        pruneCandidates: prune({
          pruneCandidates: ["e", "f"].map((name) => live(`v1 ConfigMap shop/${name}`, { uid: "another" })),
        }).decisions.concat(handsOver("shop/other")),
      },
    ],
    ["a write less", { ...PLAN, writes: PLAN.writes.slice(1) }],
    ["a write more", { ...PLAN, writes: [...PLAN.writes, write("v1 Secret shop/z")] }],
    ["a deferred write less", { ...PLAN, deferred: PLAN.deferred.slice(1) }],
    [
      "the document of a deferred write",
      { ...PLAN, deferred: [waiting("example.com/v1 Widget shop/c", "Create", "x"), ...PLAN.deferred.slice(1)] },
    ],
    [
      "the verb of a deferred write",
      { ...PLAN, deferred: [waiting("example.com/v1 Widget shop/c", "Update"), ...PLAN.deferred.slice(1)] },
    ],
    ["a deletion less", { ...PLAN, pruneCandidates: PLAN.pruneCandidates.slice(1) }],
    ["a deletion more", { ...PLAN, pruneCandidates: [...PLAN.pruneCandidates, ...deletes("z")] }],
    [
      "a deletion that becomes a hand-over",
      {
        ...PLAN,
        pruneCandidates: prune({
          pruneCandidates: PLAN.pruneCandidates.map((decision) => decision.live),
          claimedBy: () => "shop/other",
        }).decisions,
      },
    ],
    ["who is handed an object", { ...PLAN, pruneCandidates: [...deletes("e", "f"), ...handsOver("shop/third")] }],
    ["nothing at all", EMPTY],
  ];
  for (const [what, plan] of others) {
    it(`changes with ${what}`, () => expect(hash(plan)).not.to.equal(hash(PLAN)));
  }

  it("distinguishes all these plans", () => {
    expect(new Set(others.map(([, plan]) => hash(plan))).size).to.equal(others.length);
  });

  it("changes with the key, so that values of Secrets cannot be guessed", () => {
    expect(hash(PLAN, "another key")).not.to.equal(hash(PLAN));
  });

  it("is the same for an empty plan and one that only keeps objects", () => {
    expect(hash({ ...EMPTY, pruneCandidates: keeps("a") })).to.equal(hash(EMPTY));
  });
});

/** Returns an equal plan of other instances, with new permits from the guard. */
function structuredCloneOf(plan: Plan): Plan {
  return {
    writes: structuredClone([...plan.writes]),
    deferred: structuredClone([...plan.deferred]),
    pruneCandidates: [...deletes("e", "f"), ...handsOver("shop/other")],
  };
}
