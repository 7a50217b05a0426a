import { expect } from "chai";
import type { OwnerObject, OwnerRef } from "../../../src/migration/take-over/owner.js";
import { activityOf, changedFields, endOfActivity } from "../../../src/migration/take-over/progress.js";
import { changedObjects, versionOf } from "../../../src/migration/take-over/snapshot.js";

const APPLICATION: OwnerRef = { group: "argoproj.io", kind: "Application", namespace: "argocd", name: "shop" };
const KUSTOMIZATION: OwnerRef = {
  group: "kustomize.toolkit.fluxcd.io",
  kind: "Kustomization",
  namespace: "flux-system",
  name: "apps",
};

const live = (fields: object): OwnerObject => ({ metadata: { uid: "1", resourceVersion: "1" }, ...fields });
const state = (phase: string, more: object = {}) => live({ status: { operationState: { phase, ...more } } });
const condition = (reason: string, status = "True") =>
  live({ status: { conditions: [{ type: "Reconciling", status, reason, message: "Detecting drift" }] } });

describe("what the other tool does during a take-over", () => {
  const CASES: readonly (readonly [string, OwnerRef, OwnerObject, string | undefined])[] = [
    ["an Application at rest", APPLICATION, live({}), undefined],
    ["a sync that has ended", APPLICATION, state("Succeeded"), undefined],
    ["a sync that has failed", APPLICATION, state("Failed"), undefined],
    ["a sync", APPLICATION, state("Running", { startedAt: "2026-01-01T00:00:00Z" }), "since 2026-01-01T00:00:00Z"],
    ["the end of a sync by a user", APPLICATION, state("Terminating"), "a sync is under way"],
    ["a sync that was requested", APPLICATION, live({ operation: { sync: {} } }), "a sync is under way"],
    [
      "a failed sync that is tried again",
      APPLICATION,
      { ...state("Running", { finishedAt: "2026-01-01T00:00:00Z" }), operation: { retry: { limit: 5 } } },
      "a sync is under way",
    ],
    ["a Kustomization at rest", KUSTOMIZATION, live({ status: { conditions: [] } }), undefined],
    ["a reconcile", KUSTOMIZATION, condition("Progressing"), "a reconcile is under way (Detecting drift)"],
    ["a reconcile that has ended", KUSTOMIZATION, condition("Progressing", "False"), undefined],
    ["a failed reconcile before its next try", KUSTOMIZATION, condition("ProgressingWithRetry"), undefined],
    ["conditions of another form", KUSTOMIZATION, live({ status: { conditions: "x" } }), undefined],
  ];
  for (const [what, ref, object, activity] of CASES)
    it(`is ${activity === undefined ? "nothing" : "seen"} with ${what}`, () => {
      const found = activityOf(ref, object);
      if (activity === undefined) expect(found).to.equal(undefined);
      else expect(found).to.include(activity);
    });

  it("has a way out that names the object", () => {
    expect(endOfActivity(APPLICATION)).to.include("argocd app terminate-op argocd/shop");
    expect(endOfActivity(KUSTOMIZATION)).to.include("start its controller");
  });
});

describe("changes after the plan of a take-over", () => {
  it("are those of the spec, but for the pause itself", () => {
    const source = { path: "a" };
    const planned = live({ spec: { source, syncPolicy: { automated: {}, syncOptions: ["a"] } } });
    const paused = live({ spec: { syncPolicy: { syncOptions: ["a"] }, source } });
    expect(changedFields(APPLICATION, planned, paused)).to.deep.equal([]);
    const moved = live({ spec: { source: { path: "b" }, syncPolicy: {} } });
    expect(changedFields(APPLICATION, planned, moved)).to.deep.equal(["source", "syncPolicy"]);
    expect(changedFields(APPLICATION, live({ spec: { source } }), paused)).to.deep.equal(["syncPolicy"]);
    expect(
      changedFields(KUSTOMIZATION, live({ spec: { path: "a" } }), live({ spec: { path: "a", suspend: true } })),
    ).to.deep.equal([]);
    expect(changedFields(KUSTOMIZATION, live({ spec: { path: "a" } }), live({ spec: {} }))).to.deep.equal(["path"]);
  });

  it("of objects are those of all but their status", () => {
    const before = { generation: 3, resourceVersion: "10", labels: { a: "b" } };
    expect(versionOf({ ...before, resourceVersion: "11" })).to.equal(versionOf(before));
    for (const change of [{ generation: 4 }, { labels: { a: "c" } }, { annotations: { x: "y" } }])
      expect(versionOf({ ...before, ...change })).to.not.equal(versionOf(before));
    expect(versionOf({ resourceVersion: "10" })).to.not.equal(versionOf({ resourceVersion: "11" }));
    expect(changedObjects({ a: "1", b: "1", c: "1" }, { a: "1", b: "2" })).to.deep.equal(["b", "c"]);
  });
});
