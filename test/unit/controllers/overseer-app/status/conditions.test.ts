import { expect } from "chai";
import type { Problem } from "../../../../../src/controllers/overseer-app/outcome.js";
import { type AppFacts, appConditions } from "../../../../../src/controllers/overseer-app/status/conditions.js";
import type { AppHealth } from "../../../../../src/controllers/overseer-app/status/health.js";

const REVISION = "main@sha1:abc";
const WELL: AppHealth = { status: "Healthy", objects: 2, healthy: 2, problems: [] };
const bad = (status: AppHealth["status"]): AppHealth => ({
  status,
  objects: 2,
  healthy: 1,
  problems: [{ object: "Deployment shop/web", message: "is not well" }],
});
const SYNCED: AppFacts = {
  revision: REVISION,
  problem: undefined,
  progress: { state: "done" },
  drift: [],
  contested: [],
  paused: [],
  health: WELL,
  timedOut: false,
  reportOnly: false,
  limits: [],
  incomplete: undefined,
  unlisted: undefined,
};
const problem = (terminal: boolean, stage: Problem["stage"] = "Plan"): Problem => ({
  stage,
  reason: "RenderFailed",
  message: "it broke",
  terminal,
});
const FAILED = { state: "failed" } as const;
const WAITING = { state: "waiting", reason: "Deletions", message: "Change web-2 would delete all" } as const;
const PENDING = { state: "pending", message: "1 objects wait for their kind" } as const;
const DRIFT = [{ object: "ConfigMap shop/a", note: "kubectl: .data.a" }];
const NEW = { revision: undefined, health: undefined } as const;

/** Formats conditions in order: `Ready=True Synced, Synced=True Applied, …`. */
function show(facts: Partial<AppFacts>): string {
  return appConditions({ ...SYNCED, ...facts })
    .map(({ type, status, reason }) =>
      status === "True" && !NORMAL.includes(type) ? `${type} ${reason}` : `${type}=${status} ${reason}`,
    )
    .join(", ");
}
const NORMAL: readonly string[] = ["Ready", "Synced", "Healthy"];
const HEALTHY = "Healthy=True Healthy";
const NOT_APPLIED = "Healthy=Unknown NotApplied";

const ROWS: readonly (readonly [string, Partial<AppFacts>, string])[] = [
  ["all is well", {}, `Ready=True Synced, Synced=True Applied, ${HEALTHY}`],
  [
    "an object is suspended",
    { health: bad("Suspended") },
    "Ready=True Synced, Synced=True Applied, Healthy=True ObjectSuspended",
  ],
  [
    "a backup failed, which changes neither health nor readiness",
    { backups: ["app wiki: the disk is full; there is no earlier one"] },
    `Ready=True Synced, Synced=True Applied, ${HEALTHY}, BackupFailed NoCurrentBackup`,
  ],
  [
    "nothing was applied yet",
    NEW,
    `Ready=Unknown Progressing, Synced=Unknown Progressing, ${NOT_APPLIED}, Reconciling Progressing`,
  ],
  [
    "the first sync waits for approval",
    { ...NEW, progress: WAITING },
    `Ready=Unknown Waiting, Synced=False Waiting, ${NOT_APPLIED}, Reconciling Waiting, Waiting Deletions`,
  ],
  [
    "the first sync is in progress",
    { ...NEW, progress: PENDING },
    `Ready=Unknown Progressing, Synced=False Applying, ${NOT_APPLIED}, Reconciling Progressing`,
  ],
  [
    "newer inputs wait while the applied ones are healthy",
    { progress: WAITING },
    `Ready=True Synced, Synced=False Waiting, ${HEALTHY}, Waiting Deletions`,
  ],
  [
    "newer inputs wait while the applied ones are broken",
    { progress: WAITING, health: bad("Degraded") },
    "Ready=False Degraded, Synced=False Waiting, Healthy=False Degraded, Waiting Deletions",
  ],
  [
    "newer inputs are being applied",
    { progress: PENDING },
    `Ready=Unknown Progressing, Synced=False Applying, ${HEALTHY}, Reconciling Progressing`,
  ],
  [
    "the source is unavailable from the start",
    { ...NEW, problem: problem(false, "Source"), progress: FAILED },
    `Ready=False RenderFailed, Synced=Unknown RenderFailed, ${NOT_APPLIED}, Reconciling Retrying`,
  ],
  [
    "the source is no longer available",
    { problem: problem(false, "Source"), progress: FAILED },
    `Ready=False RenderFailed, Synced=False RenderFailed, ${HEALTHY}, Reconciling Retrying`,
  ],
  [
    "the first render fails",
    { ...NEW, problem: problem(true, "Render"), progress: FAILED },
    `Ready=False RenderFailed, Synced=False RenderFailed, ${NOT_APPLIED}, Stalled RenderFailed`,
  ],
  [
    "a newer render fails permanently",
    { problem: problem(true, "Render"), progress: FAILED },
    `Ready=False RenderFailed, Synced=False RenderFailed, ${HEALTHY}, Stalled RenderFailed`,
  ],
  [
    "a newer render fails temporarily",
    { problem: problem(false, "Render"), progress: FAILED },
    `Ready=False RenderFailed, Synced=False RenderFailed, ${HEALTHY}, Reconciling Retrying`,
  ],
  [
    "an app has no permission",
    { ...NEW, problem: problem(true, "Access") },
    `Ready=False RenderFailed, Synced=False RenderFailed, ${NOT_APPLIED}, Stalled RenderFailed`,
  ],
  [
    "a problem comes with drift and a conflict",
    { problem: problem(false), progress: FAILED, drift: DRIFT, contested: DRIFT },
    `Ready=False RenderFailed, Synced=False RenderFailed, ${HEALTHY}, Reconciling Retrying, Drifted NotHealed, Contested TakenBack`,
  ],
  [
    "objects are progressing",
    { health: bad("Progressing") },
    "Ready=Unknown Progressing, Synced=True Applied, Healthy=Unknown Progressing, Reconciling Progressing",
  ],
  [
    "the health timeout has passed",
    { health: bad("Progressing"), timedOut: true },
    "Ready=False HealthTimeout, Synced=True Applied, Healthy=False HealthTimeout",
  ],
  [
    "objects are broken",
    { health: bad("Degraded") },
    "Ready=False Degraded, Synced=True Applied, Healthy=False Degraded",
  ],
  [
    "objects are broken and the health timeout has passed",
    { health: bad("Degraded"), timedOut: true },
    "Ready=False Degraded, Synced=True Applied, Healthy=False Degraded",
  ],
  [
    "the health of objects is unknown",
    { health: bad("Unknown") },
    "Ready=Unknown Progressing, Synced=True Applied, Healthy=Unknown Unknown, Reconciling Progressing",
  ],
  [
    "drift could not be reverted",
    { drift: DRIFT },
    `Ready=False Drifted, Synced=False Drifted, ${HEALTHY}, Drifted NotHealed`,
  ],
  [
    "drift is only to be reported",
    { drift: DRIFT, reportOnly: true },
    `Ready=True Synced, Synced=False Drifted, ${HEALTHY}, Drifted Reported`,
  ],
  [
    "drift is reported of what is broken",
    { drift: DRIFT, reportOnly: true, health: bad("Degraded") },
    "Ready=False Degraded, Synced=False Drifted, Healthy=False Degraded, Drifted Reported",
  ],
  [
    "drift comes while newer inputs wait",
    { drift: DRIFT, progress: WAITING },
    `Ready=False Drifted, Synced=False Waiting, ${HEALTHY}, Waiting Deletions, Drifted NotHealed`,
  ],
  [
    "a field is changed back repeatedly",
    { contested: DRIFT, drift: DRIFT },
    `Ready=False Contested, Synced=False Drifted, ${HEALTHY}, Drifted NotHealed, Contested TakenBack`,
  ],
  [
    "a conflict is resolved for now",
    { contested: DRIFT },
    `Ready=False Contested, Synced=True Applied, ${HEALTHY}, Contested TakenBack`,
  ],
  [
    "a list is missing and objects are not seen",
    { incomplete: "Widget cannot be listed", health: bad("Progressing") },
    "Ready=Unknown Observing, Synced=True Applied, Healthy=Unknown Progressing, Reconciling Observing",
  ],
  [
    "a list is missing that no wanted object is in",
    { incomplete: "Widget cannot be listed" },
    `Ready=True Synced, Synced=True Applied, ${HEALTHY}`,
  ],
  [
    "a list is missing that wanted objects are in, which were well when they were last seen",
    { incomplete: "Widget cannot be listed", unlisted: "Widget cannot be listed" },
    "Ready=Unknown Observing, Synced=Unknown Observing, Healthy=Unknown Observing, Reconciling Observing",
  ],
  [
    "a list is missing and something is known to be broken",
    { incomplete: "Widget cannot be listed", unlisted: "Widget cannot be listed", health: bad("Degraded") },
    "Ready=Unknown Observing, Synced=Unknown Observing, Healthy=False Degraded, Reconciling Observing",
  ],
  [
    "a list is missing and nothing was applied",
    { ...NEW, incomplete: "Widget cannot be listed" },
    `Ready=Unknown Observing, Synced=Unknown Progressing, ${NOT_APPLIED}, Reconciling Observing`,
  ],
  [
    "a list is missing and there is a problem",
    { incomplete: "Widget cannot be listed", problem: problem(false), progress: FAILED },
    `Ready=False RenderFailed, Synced=False RenderFailed, ${HEALTHY}, Reconciling Retrying`,
  ],
];

describe("conditions of an app", () => {
  for (const [what, facts, expected] of ROWS) {
    it(`when ${what}: ${expected}`, () => expect(show(facts)).to.equal(expected));
  }
});

describe("messages of an app's conditions", () => {
  const messageOf = (facts: Partial<AppFacts>, type = "Ready"): string | undefined =>
    appConditions({ ...SYNCED, ...facts }).find((condition) => condition.type === type)?.message;
  const many = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ object: `ConfigMap shop/c${n}`, note: "x" }));

  it("name the revision and count the objects", () => {
    expect(messageOf({})).to.equal(`${REVISION} is applied and healthy`);
    expect(messageOf({}, "Synced")).to.equal(`live objects match ${REVISION}`);
    expect(messageOf({}, "Healthy")).to.equal("2 of 2 objects are healthy");
  });

  it("announce a retry only if there is one", () => {
    expect(messageOf({ problem: problem(false) })).to.equal("it broke; retrying automatically");
    expect(messageOf({ problem: problem(true) })).to.equal("it broke");
    expect(messageOf({ problem: problem(true) }, "Stalled")).to.equal("it broke");
  });

  it("name three drifted objects, and count the others", () => {
    expect(messageOf({ drift: many(3) }, "Drifted")).to.equal(
      "ConfigMap shop/c0, ConfigMap shop/c1, ConfigMap shop/c2: x",
    );
    expect(messageOf({ drift: many(5) }, "Drifted")).to.match(/c2: x; and 2 more$/);
    expect(messageOf({ drift: [...many(2), { object: "Pod shop/p", note: "y" }] }, "Drifted")).to.equal(
      "ConfigMap shop/c0, ConfigMap shop/c1: x; Pod shop/p: y",
    );
  });

  it("name three unhealthy objects, and count the others", () => {
    const problems = Array.from({ length: 5 }, (_, n) => ({ object: `Pod shop/p${n}`, message: "failed" }));
    const health: AppHealth = { status: "Degraded", objects: 10, healthy: 3, problems };
    expect(messageOf({ health })).to.equal("Pod shop/p0 failed; Pod shop/p1 failed; Pod shop/p2 failed; and 4 more");
    expect(messageOf({ health: bad("Degraded") })).to.equal("Deployment shop/web is not well");
    expect(messageOf({ health: bad("Progressing"), timedOut: true })).to.match(
      /^objects did not become healthy within health\.timeout: Deployment shop\/web/,
    );
  });

  it("are not Synced=True while an object does not exist", () => {
    const health: AppHealth = { ...bad("Progressing"), absent: ["ConfigMap shop/b", "ConfigMap shop/a"] };
    const [ready, synced] = appConditions({ ...SYNCED, health });
    expect(ready?.status).to.equal("Unknown");
    expect(synced).to.deep.include({
      status: "False",
      reason: "Applying",
      message: "ConfigMap shop/a, ConfigMap shop/b do not exist",
    });
  });
});
