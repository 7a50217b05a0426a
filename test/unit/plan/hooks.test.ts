import { expect } from "chai";
import type { HookRun } from "../../../src/api/hook.js";
import type { Hook } from "../../../src/manifest/hook.js";
import { type HookFacts, hooksByWave, hooksDiffer, isAtWork, judgeHook } from "../../../src/plan/hooks.js";
import type { LiveObject, ObjectHealth } from "../../../src/plan/live.js";
import { permitHookDeletion } from "../../../src/plan/prune-guard.js";
import { document, live } from "./support/objects.js";

const JOB = "batch/v1 Job shop/migrate";
const MAP = "v1 ConfigMap shop/notice";
const RUN: HookRun = {
  phase: "PreSync",
  object: "Job shop/migrate",
  apiVersion: "batch/v1",
  state: "Running",
  startTime: "2026-01-01T00:00:00Z",
};
const running: ObjectHealth = { status: "Progressing", message: "is running" };
const own = (text: string, health: ObjectHealth, change: Partial<LiveObject> = {}): LiveObject =>
  live(text, { hook: "u1/PreSync", health, ...change });

/** [what, facts, step and message] */
const CASES: readonly (readonly [string, Partial<HookFacts>, string])[] = [
  ["nothing exists", {}, "start"],
  ["an earlier run exists", { live: own(JOB, running, { hook: "u0/PreSync" }) }, "clear"],
  ["an object of another phase exists", { live: own(JOB, running, { hook: "u1/Sync" }) }, "clear"],
  [
    "an earlier run is being deleted",
    { live: live(JOB, { deleting: true }) },
    "wait waits for the deletion of its earlier run",
  ],
  ["it was created just before a crash", { live: own(JOB, running) }, "wait is running"],
  ["it runs", { run: RUN, live: own(JOB, running) }, "wait is running"],
  ["a Job is complete", { run: RUN, live: own(JOB, { status: "Healthy", ended: "Succeeded" }) }, "succeeded"],
  [
    "a Job is suspended",
    { run: RUN, live: own(JOB, { status: "Healthy", message: "is suspended" }) },
    "wait is suspended",
  ],
  ["a Job failed", { run: RUN, live: own(JOB, { status: "Degraded", message: "why", ended: "Failed" }) }, "failed why"],
  [
    "a complete Job is being deleted by its time to live",
    { run: RUN, live: own(JOB, running, { deleting: true, finished: { result: "Succeeded" } }) },
    "succeeded",
  ],
  [
    "it is being deleted by a client",
    { run: RUN, live: own(JOB, running, { deleting: true }) },
    "failed was deleted before it ended",
  ],
  ["it was deleted after its end", { run: RUN, ended: { result: "Succeeded" } }, "succeeded"],
  ["it ended and went before its start was recorded", { ended: { result: "Succeeded" } }, "succeeded"],
  [
    "it was deleted after its failure",
    { run: RUN, ended: { result: "Failed" } },
    "failed failed, and was deleted after its time to live expired",
  ],
  [
    "it went unseen",
    { run: RUN },
    "failed was deleted before its end was observed: request a reconcile to run it again",
  ],
  ["it takes too long", { run: RUN, live: own(JOB, running), leftMs: 0 }, "failed did not end within 5m: is running"],
  ["another object is healthy", { run: RUN, live: own(MAP, { status: "Healthy" }) }, "succeeded"],
  ["another object is broken", { run: RUN, live: own(MAP, { status: "Degraded", message: "why" }) }, "failed why"],
  ["another object is not healthy yet", { run: RUN, live: own(MAP, running) }, "wait is running"],
  ["it has succeeded, whatever became of it", { run: { ...RUN, state: "Succeeded" } }, "succeeded"],
  ["it has failed", { run: { ...RUN, state: "Failed", message: "why" }, live: own(JOB, running) }, "failed why"],
];

const hook = (text: string, wave = 0, hash = "h"): Hook => ({
  document: document(text, hash),
  spec: { phases: ["PreSync"], deletePolicies: [], timeoutMs: undefined, wave },
});

describe("judgeHook", () => {
  for (const [what, facts, expected] of CASES)
    it(`is ${expected} when ${what}`, () => {
      const step = judgeHook({
        ...{ run: undefined, live: undefined, runId: "u1/PreSync", ended: undefined, leftMs: 1, timeout: "5m" },
        ...facts,
      });
      expect(["message" in step ? `${step.type} ${step.message}` : step.type]).to.deep.equal([expected]);
    });
});

describe("hooks", () => {
  it("run by wave, in the order of their kinds", () => {
    const waves = hooksByWave(
      [hook(JOB, 1), hook("v1 Pod shop/p"), hook(MAP), hook("v1 Secret shop/s", -1)],
      "PreSync",
    );
    expect(waves.map((wave) => wave.map(({ document: { id } }) => id.kind).join())).to.deep.equal([
      "Secret",
      "ConfigMap,Pod",
      "Job",
    ]);
    expect(hooksByWave([hook(JOB)], "PostSync")).to.deep.equal([]);
  });

  it("differ by object and content, not by order", () => {
    expect(hooksDiffer([hook(JOB), hook(MAP)], [hook(MAP), hook(JOB)])).to.equal(false);
    expect(hooksDiffer([hook(JOB)], [hook(JOB, 0, "other")])).to.equal(true);
    expect(hooksDiffer([], [hook(JOB)])).to.equal(true);
  });

  it("are at work until they end", () => {
    expect(isAtWork(own(JOB, running))).to.equal(true);
    expect(isAtWork(own(JOB, { status: "Healthy", ended: "Succeeded" }))).to.equal(false);
    expect(isAtWork(own(JOB, running, { deleting: true }))).to.equal(false);
    expect(isAtWork(own(MAP, { status: "Healthy" }))).to.equal(false);
  });

  it("may be deleted if the app owns them; of other objects only Jobs and Pods", () => {
    expect(permitHookDeletion(own(MAP, running))?.live.id.name).to.equal("notice");
    expect(permitHookDeletion(live(JOB))?.live.id.name).to.equal("migrate");
    expect(permitHookDeletion(live(MAP))).to.equal(undefined);
    expect(permitHookDeletion(own(JOB, running, { ownership: "Claimed" }))).to.equal(undefined);
    expect(permitHookDeletion(own(JOB, running, { ownership: "Foreign" }))).to.equal(undefined);
    expect(permitHookDeletion(own(JOB, running, { deleting: true }))).to.equal(undefined);
    expect(permitHookDeletion(own(JOB, running, { paused: true }))).to.equal(undefined);
    const claim = "v1 PersistentVolumeClaim shop/data";
    expect(permitHookDeletion(own(claim, running))).to.equal(undefined);
    expect(permitHookDeletion(own(claim, running, { deletionConfirmed: true }))?.live.id.name).to.equal("data");
  });
});
