import { expect } from "chai";
import fc from "fast-check";
import { type FieldChange, PlannedAction } from "../../../src/api/change.js";
import { describePlan, type Plan } from "../../../src/plan/plan.js";
import { prune } from "./support/judge.js";
import { action, configMaps, document, live, PROTECTED, waiting, write } from "./support/objects.js";

const EMPTY: Plan = { writes: [], deferred: [], pruneCandidates: [] };
const KIB = 1024;
const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Creates writes with a number of changed fields each. */
function writes(count: number, fields: number, change: Partial<FieldChange> = {}): Plan["writes"] {
  const diff = Array.from({ length: fields }, (_, n) => ({
    path: `.data.field${n}`,
    from: "old",
    to: "new",
    ...change,
  }));
  return Array.from({ length: count }, (_, n) => write(`v1 ConfigMap shop/w${n}`, { verb: "Update", diff }));
}

describe("describePlan", () => {
  it("lists hooks with their phases, after what is written", () => {
    const spec = { phases: ["PreSync", "SyncFail"], deletePolicies: [], timeoutMs: undefined, wave: 0 } as const;
    const hooks = [{ document: document("batch/v1 Job shop/migrate", "h", { file: "migrate.yaml", line: 3 }), spec }];
    const { actions } = describePlan({ ...EMPTY, writes: [write("v1 ConfigMap shop/a")], hooks });
    expect(actions.map(({ verb }) => verb)).to.deep.equal(["Create", "Hook"]);
    expect(actions[1]).to.deep.equal({
      verb: "Hook",
      object: "Job shop/migrate",
      apiVersion: "batch/v1",
      origin: "migrate.yaml:3",
      reason: "runs as a hook: PreSync, SyncFail",
    });
  });

  it("describes verb, object, origin and reason of each action", () => {
    const plan: Plan = {
      writes: [
        write("apps/v1 Deployment shop/web", {
          verb: "Update",
          diff: [{ path: ".spec.replicas", from: "1", to: "2" }],
        }),
        write("v1 Namespace shop", { verb: "Adopt", reason: "existed without an owner" }),
      ],
      deferred: [
        {
          ...waiting("example.com/v1 Widget shop/w"),
          action: {
            ...action("example.com/v1 Widget shop/w"),
            document: document("example.com/v1 Widget shop/w", "h", { file: "b.yaml", line: 7 }),
          },
        },
      ],
      pruneCandidates: [
        ...prune({ pruneCandidates: [live("v1 Secret shop/kept", { keepAnnotations: PROTECTED })] }).decisions,
        ...prune({ pruneCandidates: [live("v1 Secret shop/given")], claimedBy: () => "shop/other" }).decisions,
        ...prune({ pruneCandidates: [live("v1 Secret shop/gone")] }).decisions,
      ],
    };
    expect(describePlan(plan)).to.deep.equal({
      actions: [
        { verb: "Delete", object: "Secret shop/gone", apiVersion: "v1", reason: "removed from Git" },
        {
          verb: "HandOver",
          object: "Secret shop/given",
          apiVersion: "v1",
          reason: "ownership transferred to OverseerApp shop/other",
        },
        {
          verb: "Update",
          object: "Deployment shop/web",
          apiVersion: "apps/v1",
          origin: "app/a.yaml:1",
          diff: [{ path: ".spec.replicas", from: "1", to: "2" }],
        },
        {
          verb: "Adopt",
          object: "Namespace shop",
          apiVersion: "v1",
          origin: "app/a.yaml:1",
          reason: "existed without an owner",
        },
        {
          verb: "Create",
          object: "Widget shop/w",
          apiVersion: "example.com/v1",
          origin: "b.yaml:7",
          reason: "checked again after the objects that it depends on are applied: not found",
        },
        {
          verb: "Keep",
          object: "Secret shop/kept",
          apiVersion: "v1",
          reason:
            "removed from Git; kept because it is annotated gitops.overseer.io/prune: disabled; annotate the object gitops.overseer.io/prune: confirmed to delete it",
        },
      ],
      omitted: 0,
    });
  });

  it("is empty for an empty plan", () => {
    expect(describePlan(EMPTY)).to.deep.equal({ actions: [], omitted: 0 });
  });

  it("shows 1,000 actions, and counts the others", () => {
    const { actions, omitted } = describePlan({ ...EMPTY, writes: writes(1_203, 0) });
    expect(actions).to.have.length(1_000);
    expect(omitted).to.equal(203);
    expect(describePlan({ ...EMPTY, writes: writes(1_000, 0) }).omitted).to.equal(0);
  });

  it("lists deletions first, however many objects are kept or written", () => {
    const pruneCandidates = [
      ...prune({ pruneCandidates: configMaps(1_500, { keepAnnotations: PROTECTED }) }).decisions,
      ...prune({ pruneCandidates: [live("v1 Secret shop/gone")] }).decisions,
    ];
    const { actions, omitted } = describePlan({ ...EMPTY, pruneCandidates: pruneCandidates, writes: writes(20, 100) });
    expect(actions[0]).to.include({ verb: "Delete", object: "Secret shop/gone" });
    expect(actions.filter(({ verb }) => verb === "Update")).to.have.length(20);
    expect(omitted).to.equal(521);
  });

  it("shows more actions and longer values where users decide, and says what is omitted", () => {
    const long = { from: "x".repeat(10_000), to: "y".repeat(10_000) };
    const whole = describePlan({ ...EMPTY, writes: [...writes(1_500, 0), ...writes(1, 1, long)] }, "Whole");
    expect(whole).to.include({ omitted: 0 }).and.not.have.property("incomplete");
    expect(whole.actions.at(-1)?.diff?.[0]).to.include(long);
    const cut = [{ ...long, from: `${"x".repeat(100)}… (20000 characters)` }];
    const plan = { ...EMPTY, writes: [...writes(1, 1, cut[0]), ...writes(5_000, 0)] };
    expect(describePlan(plan, "Whole").incomplete).to.equal(
      "not shown: 1 actions, 1 diffs with long values or many fields",
    );
  });

  it("drops diffs before actions", () => {
    const { actions, omitted } = describePlan({ ...EMPTY, writes: writes(1_000, 100) });
    expect(omitted).to.equal(0);
    const shown = actions.filter(({ diff }) => diff !== undefined).length;
    expect(shown).to.be.within(1, 999);
    expect(actions.slice(0, shown).every(({ diff }) => diff?.length === 100)).to.equal(true);
    expect(bytesOf(actions)).to.be.at.most(512 * KIB);
  });

  it("still shows a small diff after a large one that did not fit", () => {
    const large = writes(1, 100, { from: "x".repeat(512), to: "y".repeat(512), path: "p".repeat(1024) });
    const plan = { ...EMPTY, writes: [...large, ...large, ...writes(1, 1)] };
    expect(describePlan(plan).actions.map(({ diff }) => diff?.length)).to.deep.equal([100, undefined, 1]);
  });

  it("is deterministic", () => {
    const plan = { ...EMPTY, writes: writes(300, 20) };
    expect(describePlan(plan)).to.deep.equal(describePlan(plan));
  });

  for (const [what, letter] of [
    ["letters", "x"],
    ["characters of three bytes", "漢"],
    ["characters of four bytes", "😀"],
    ["characters that JSON escapes", "\u0001"],
  ] as const) {
    it(`stays within 512 KiB and the schema with the longest texts of ${what}`, () => {
      const long = letter.repeat(1_100);
      const diff = Array.from({ length: 101 }, () => ({ path: long, from: long, to: long }));
      const one = write("v1 ConfigMap shop/w", { verb: "Adopt", reason: long, diff });
      const origin = { file: `${long}.yaml`, line: 1 };
      const all = Array.from({ length: 400 }, () => ({
        ...one,
        action: { ...one.action, document: { ...one.action.document, origin } },
      }));
      const { actions, omitted } = describePlan({ ...EMPTY, writes: all });
      expect(bytesOf(actions)).to.be.at.most(512 * KIB);
      expect(actions.length + omitted).to.equal(400);
      for (const shown of actions) expect(PlannedAction.safeParse(shown).error).to.equal(undefined);
    });
  }

  it("stays within its bounds, and loses nothing uncounted, whatever the plan", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.integer({ min: 0, max: 3_000 }).map((size) => "é".repeat(size)),
    );
    const change = fc.record({ path: text, from: text, to: text });
    const size = fc.record({ diff: fc.array(change, { maxLength: 20 }), times: fc.integer({ min: 1, max: 200 }) });
    const plans = fc.record({ sizes: fc.array(size, { maxLength: 4 }), deletions: fc.nat(1_100) });
    fc.assert(
      fc.property(plans, ({ sizes, deletions }) => {
        const all = sizes.flatMap(({ diff, times }) => Array(times).fill(write("v1 ConfigMap shop/w", { diff })));
        const { decisions } = prune({ pruneCandidates: configMaps(deletions) });
        const { actions, omitted } = describePlan({ ...EMPTY, writes: all, pruneCandidates: decisions });
        expect(bytesOf(actions)).to.be.at.most(512 * KIB);
        expect(actions.length).to.be.at.most(1_000);
        expect(actions.length + omitted).to.equal(all.length + deletions);
        const deleted = actions.filter(({ verb }) => verb === "Delete").length;
        expect(deleted).to.equal(Math.min(deletions, 1_000));
        expect(actions.slice(0, deleted).every(({ verb }) => verb === "Delete")).to.equal(true);
      }),
      { numRuns: 20 },
    );
  });
});
