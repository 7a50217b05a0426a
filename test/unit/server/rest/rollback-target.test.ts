import { expect } from "chai";
import type { Change, ChangeStatus } from "../../../../src/api/change.js";
import type { OverseerApp } from "../../../../src/api/overseer-app.js";
import { latestFiring } from "../../../../src/server/rest/alerts/latest-firing.js";
import { judgeAlert } from "../../../../src/server/rest/alerts/rollback-target.js";

const at = (minute: number): string => `2026-11-30T04:${String(minute).padStart(2, "0")}:00Z`;
const change = (name: string, key: string, minute: number, status: Partial<ChangeStatus> = {}, cause = "Revision") =>
  ({
    metadata: { name, namespace: "shop", uid: name, creationTimestamp: at(minute) },
    spec: { app: { name: "web" }, cause, inputs: { key } },
    status: { phase: "Succeeded", appliedTime: at(minute), completionTime: at(minute + 1), ...status },
  }) as unknown as Change;
const app = (key: string | undefined, rest: object = {}, spec: object = {}): OverseerApp =>
  ({
    metadata: { name: "web", namespace: "shop" },
    spec: { suspend: false, ...spec },
    status: { ...(key === undefined ? {} : { applied: { key } }), ...rest },
  }) as unknown as OverseerApp;

describe("An alert that names an app", () => {
  const history = [change("web-1", "a", 1), change("web-2", "b", 5), change("web-3", "c", 10)];
  const verdict = (current: OverseerApp, changes: readonly Change[], minute: number): string => {
    const judged = judgeAlert(current, changes, Date.parse(at(minute)));
    return "skip" in judged ? judged.skip : judged.target.metadata.name;
  };

  it("rolls it back to the newest Change that succeeded with other inputs", () => {
    expect(verdict(app("c"), history, 12)).to.equal("web-2");
    expect(verdict(app("c"), [...history, change("web-4", "d", 11, { phase: "Failed" })], 12)).to.equal("web-2");
    // The same inputs were applied before, as well.
    expect(
      verdict(app("c"), [change("web-1", "a", 1), change("web-2", "c", 5), change("web-3", "c", 10)], 12),
    ).to.equal("web-1");
  });

  it("does nothing about a revision that was applied after the alert began, such as the rollback itself", () => {
    expect(verdict(app("c"), history, 9)).to.equal("the alert began before the current revision was applied");
    const back = change("web-alert", "b", 14, {}, "Rollback");
    expect(verdict(app("b"), [...history, back], 12)).to.equal(
      "the alert began before the current revision was applied",
    );
  });

  it("does nothing while an app is pinned, suspended or asked to roll back, or has nothing to go back to", () => {
    expect(verdict(app("c", { pin: {} }), history, 12)).to.equal("the app is rolled back already");
    expect(verdict(app("c", {}, { suspend: true }), history, 12)).to.equal("the app is suspended");
    const ended = app("c", {}, { suspend: true, suspendUntil: at(2) });
    expect(verdict(ended, history, 12), "the suspension has ended by itself").to.equal("web-2");
    const open = change("web-alert", "b", 11, { phase: "Waiting" }, "Rollback");
    expect(verdict(app("c"), [...history, open], 12)).to.equal("a rollback is requested already");
    expect(verdict(app("a"), [change("web-1", "a", 1)], 12)).to.equal("no earlier Change has succeeded");
    expect(verdict(app(undefined), history, 12)).to.equal("nothing is applied");
    expect(verdict(app("c"), [], 12)).to.equal("the Change that applied the current revision is not known any more");
  });
});

describe("The alerts of a notification", () => {
  const alert = (
    fingerprint: string,
    startsAt: string,
    status: "firing" | "resolved" = "firing",
    named = "shop/web",
  ) => ({
    ...{ status, startsAt, fingerprint, labels: { overseer_app: named } },
  });

  it("count by app with the one that began last, so that an old one hides no new one", () => {
    const old = alert("old", "2026-11-30T04:00:00Z");
    const latest = alert("new", "2026-11-30T05:30:00+01:00");
    const resolved = alert("resolved", at(59), "resolved");
    const other = alert("other", at(0), "firing", "shop/api");
    const unnamed = { ...alert("unnamed", at(59)), labels: {} };
    for (const alerts of [
      [old, latest, resolved, other, unnamed],
      [unnamed, other, resolved, latest, old],
    ])
      expect(Object.fromEntries(latestFiring(alerts, "overseer_app"))).to.deep.equal({
        "shop/web": latest,
        "shop/api": other,
      });
  });
});
