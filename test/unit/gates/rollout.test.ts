import { expect } from "chai";
import type { LedgerEntry } from "../../../src/api/ledger.js";
import type { GateContext } from "../../../src/gates/context.js";
import { judgeGates } from "../../../src/gates/judge.js";
import { rolloutGate } from "../../../src/gates/rollout.js";
import { app, inputs } from "../controllers/support/resources.js";
import { FakeClock } from "../support/fake-clock.js";
import { environment } from "./support/environments.js";
import { gateContext, listerOf, NO_DECISIONS } from "./support/gate-context.js";

const prod = environment("prod", { namespaces: [{ name: "shop" }], limits: { concurrent: 2 } });
const FAILED = "2026-11-30T10:00:00Z";

describe("the gate rollout", () => {
  const textOf = async (changes: Partial<GateContext>, ledger: readonly LedgerEntry[] = [], name = "shop/api") => {
    const other = app(name, { status: { ledger: [...ledger] } });
    const context = gateContext({ lister: listerOf([app("shop/web"), other], [], {}, [prod]), ...changes });
    const [result] = await judgeGates([rolloutGate], context, new FakeClock());
    return `${result?.state.state}: ${result?.state.message}`;
  };
  const full = { take: () => ["shop/a", "shop/b"] };

  it("waits while the places are taken, and names who has them", async () => {
    expect(await textOf({ rollout: full })).to.equal(
      "Wait: Environment prod: at most 2 apps apply Changes at a time (limits.concurrent): shop/a, shop/b",
    );
  });

  it("names a suspended app that has a place, and what gives it back", async () => {
    const apps = [app("shop/web"), app("shop/a"), app("shop/b", { spec: { suspend: true } })];
    const context = gateContext({ lister: listerOf(apps, [], {}, [prod]), rollout: full });
    const [result] = await judgeGates([rolloutGate], context, new FakeClock());
    expect(result?.state.message).to.match(/: shop\/b \(suspended before its Change has ended\), shop\/a$/);
    expect(result?.state).to.include({
      opens:
        "the end of one of these Changes (OverseerApp shop/b has to be resumed for that, or deleted); in an emergency users with the verb break-glass",
    });
  });

  it("passes rollbacks, Changes that have begun, break-glass, and apps without a limit", async () => {
    const brokenBy = { ...NO_DECISIONS, brokenBy: "carol" };
    const passing: readonly Partial<GateContext>[] = [
      { started: true },
      { cause: "Rollback" },
      { approvals: brokenBy },
      { lister: listerOf([], [], {}, [environment("prod", { namespaces: [{ name: "shop" }] })]) },
    ];
    for (const one of passing) expect(await textOf({ rollout: full, ...one })).to.equal("Pass: passed");
  });

  const commit = inputs("k").commit;
  const cases: readonly (readonly [what: string, closed: boolean, entry: Partial<LedgerEntry>, name?: string])[] = [
    ["has failed", true, { failed: FAILED }],
    ["has failed and was replaced", true, { failed: FAILED, ended: FAILED, how: "Failed" }],
    ["has failed as a later commit with the same inputs", true, { commit: "older", through: commit, failed: FAILED }],
    ["is healthy again", false, { failed: FAILED, firstHealthy: FAILED }],
    ["was replaced", false, { ended: FAILED, how: "Replaced" }],
    ["is another one", false, { commit: "other", failed: FAILED }],
    ["has failed in another Environment", false, { failed: FAILED }, "elsewhere/api"],
  ];
  for (const [what, closed, entry, name] of cases)
    it(`${closed ? "holds" : "passes"} a commit that ${what} for another app`, async () => {
      const text = await textOf({}, [{ commit, key: "k", ...entry }], name);
      expect(text).to.match(closed ? /^Wait: .* has failed for OverseerApp shop\/api$/ : /^Pass/);
    });
});
