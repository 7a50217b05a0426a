import { expect } from "chai";
import type { Change, ChangeStatus } from "../../../../src/api/change.js";
import type { AuditEntry } from "../../../../src/audit/record.js";
import {
  auditChange,
  auditDecision,
  auditObjects,
  auditStart,
} from "../../../../src/controllers/overseer-app/audit.js";
import type { AppRun } from "../../../../src/controllers/overseer-app/run.js";
import { app, inputs } from "../support/resources.js";

function rig(fails = false) {
  const entries: AuditEntry[] = [];
  const audit = {
    record: async (entry: AuditEntry): Promise<void> => {
      if (fails) throw new Error("disk full");
      entries.push(entry);
    },
  };
  const run = { app: app("shop/web"), services: { audit }, memory: {}, staged: undefined } as unknown as AppRun;
  return { run, entries };
}

const change = (spec: Partial<Change["spec"]> = {}): Change =>
  ({
    metadata: { name: "web-2", namespace: "shop", uid: "u2" },
    spec: { app: { name: "web" }, cause: "Revision", inputs: inputs("k"), ...spec },
  }) as unknown as Change;
const status = (more: Partial<ChangeStatus>): ChangeStatus =>
  ({ summary: "+1 ~0 -0", planHash: "h", ...more }) as ChangeStatus;
const OBJECT = { kind: "OverseerApp", namespace: "shop", name: "web" };

describe("The audit records of an app", () => {
  const CASES: readonly [before: ChangeStatus["phase"], now: ChangeStatus["phase"], outcome: string | undefined][] = [
    ["Verifying", "Succeeded", "Succeeded"],
    ["Verifying", "Failed", "Failed"],
    ["Waiting", "Rejected", "Refused"],
    ["Planning", "Refused", "Refused"],
    ["Refused", "Refused", undefined],
    ["Waiting", "Superseded", "Failed"],
    ["Planning", "Waiting", undefined],
    ["Waiting", "Applying", undefined],
  ];
  for (const [before, now, outcome] of CASES) {
    it(`say of a Change that goes from ${before} to ${now}: ${outcome ?? "nothing"}`, async () => {
      const { run, entries } = rig();
      await auditChange(run, change(), status({ phase: before }), status({ phase: now, message: "why" }));
      expect(entries.map((entry) => entry.outcome)).to.deep.equal(outcome === undefined ? [] : [outcome]);
      if (outcome === undefined) return;
      expect(entries[0]).to.deep.include({ actor: "overseer-gitops", verb: "sync", object: OBJECT });
      expect(entries[0]?.details).to.include({
        change: "web-2",
        cause: "Revision",
        planHash: "h",
        result: now,
        reason: "why",
      });
    });
  }

  it("name the user who requested a rollback, and the one who approved it", async () => {
    const { run, entries } = rig();
    const approvals = [{ name: "ok", approver: "bob", decision: "Approve", state: "Counted", message: "" }] as const;
    const end = status({ phase: "Succeeded", approvals: [...approvals] });
    await auditChange(run, change({ cause: "Rollback", requester: "ann" }), status({ phase: "Verifying" }), end);
    expect(entries[0]).to.include({ actor: "ann", verb: "rollback" });
    expect(entries[0]?.details).to.include({ approvedBy: "bob" });
  });

  it("say once that a Change begins to write", async () => {
    const { run, entries } = rig();
    await auditStart(run, change());
    await auditStart(run, change());
    expect(entries.map(({ outcome }) => outcome)).to.deep.equal(["Started"]);
  });

  it("say who decided, and why a decision does not count", async () => {
    const { run, entries } = rig();
    const decision = { name: "ok", approver: "ann", decision: "Approve", message: "another plan" } as const;
    await auditDecision(run, { ...decision, state: "Counted" });
    await auditDecision(run, { ...decision, state: "Stale" });
    expect(entries.map(({ actor, verb, outcome }) => [actor, verb, outcome])).to.deep.equal([
      ["ann", "approve", "Succeeded"],
      ["ann", "approve", "Refused"],
    ]);
    expect(entries[1]?.details?.reason).to.equal("another plan");
  });

  it("name at most 40 objects, and none if nothing was done", async () => {
    const { run, entries } = rig();
    await auditObjects(run, "heal", []);
    await auditObjects(
      run,
      "prune",
      Array.from({ length: 50 }, (_, n) => `ConfigMap shop/${n}`),
    );
    expect(entries).to.have.length(1);
    expect(entries[0]?.details?.objects).to.have.length(40);
    expect(entries[0]?.details?.more).to.equal(10);
  });

  it("do not stop a sync if they cannot be stored", async () => {
    const { run } = rig(true);
    await auditStart(run, change());
    await auditObjects(run, "heal", ["ConfigMap shop/a"]);
  });
});
