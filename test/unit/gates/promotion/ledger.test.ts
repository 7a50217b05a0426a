import { expect } from "chai";
import { type LedgerEntry, MAX_LEDGER } from "../../../../src/api/ledger.js";
import { advanceLedger, type LedgerFacts } from "../../../../src/gates/promotion/ledger.js";

const NOW = Date.UTC(2026, 10, 30, 12);
const T = "2026-11-30T12:00:00Z";

function facts(key: string, changes: Partial<LedgerFacts> = {}): LedgerFacts {
  return {
    applied: { commit: `c-${key}`, key },
    through: undefined,
    isRollback: false,
    health: "Progressing",
    versions: undefined,
    now: NOW,
    observed: 0,
    longestSoak: 3600,
    ...changes,
  };
}

/** Advances a ledger by observations, one after the other. */
function ledgerOf(...all: readonly LedgerFacts[]): readonly LedgerEntry[] {
  return all.reduce<readonly LedgerEntry[]>(advanceLedger, []);
}

describe("the ledger of an app", () => {
  it("begins with the first inputs, and says when they were first healthy", () => {
    expect(ledgerOf(facts("a", { applied: undefined }))).to.deep.equal([]);
    expect(ledgerOf(facts("a"))).to.deep.equal([{ commit: "c-a", key: "a" }]);
    expect(ledgerOf(facts("a"), facts("a", { health: "Healthy" }))).to.deep.equal([
      { commit: "c-a", key: "a", firstHealthy: T, observed: 0 },
    ]);
  });

  const healthy = facts("a", { health: "Healthy" });
  const cases: readonly (readonly [what: string, ledger: readonly LedgerEntry[], expected: object])[] = [
    ["counts observed time", ledgerOf(healthy, { ...healthy, observed: 60 }), { firstHealthy: T, observed: 60 }],
    [
      "does not count while the app is not healthy",
      ledgerOf(healthy, facts("a", { observed: 60 })),
      { firstHealthy: T, observed: 0 },
    ],
    [
      "does not count while the app cannot be observed",
      ledgerOf(healthy, facts("a", { health: "Unknown", observed: 60 })),
      { firstHealthy: T, observed: 0 },
    ],
    [
      "begins again after a failure",
      ledgerOf(healthy, { ...healthy, observed: 60 }, facts("a", { health: "Failed" })),
      { failed: T },
    ],
    [
      "begins again when the app is healthy again",
      ledgerOf(healthy, facts("a", { health: "Failed" }), healthy),
      { failed: T, firstHealthy: T, observed: 0 },
    ],
    ["keeps the newest commit with the same inputs", ledgerOf(healthy, { ...healthy, through: "d" }), { through: "d" }],
    ["keeps that commit while it is not known", ledgerOf({ ...healthy, through: "d" }, healthy), { through: "d" }],
    ["keeps images", ledgerOf({ ...healthy, versions: ["web:1"] }, healthy), { versions: ["web:1"] }],
  ];
  for (const [what, ledger, expected] of cases)
    it(what, () => {
      expect(ledger).to.have.length(1);
      expect(ledger[0]).to.deep.include(expected);
    });

  it("ends inputs with how they ended, and goes on with the soak of replaced ones", () => {
    const next = facts("b", { health: "Healthy" });
    const replaced = ledgerOf(healthy, { ...healthy, observed: 60 }, facts("b"), next, { ...next, observed: 30 });
    expect(replaced).to.deep.equal([
      { commit: "c-a", key: "a", firstHealthy: T, observed: 90, held: 60, ended: T, how: "Replaced" },
      { commit: "c-b", key: "b", firstHealthy: T, observed: 30 },
    ]);
    const rolledBack = ledgerOf(facts("a"), healthy, facts("b"), facts("a", { isRollback: true }));
    expect(rolledBack.map(({ key, how }) => `${key} ${how}`)).to.deep.equal([
      "a Replaced",
      "b RolledBack",
      "a undefined",
    ]);
    const failed = ledgerOf(facts("a", { health: "Failed" }), facts("b", { isRollback: true }));
    expect(failed[0]).to.deep.include({ how: "Failed", failed: T });
  });

  it("stays small, and keeps what a soak still needs", () => {
    const soaking: LedgerFacts[] = [];
    const soaked: LedgerFacts[] = [];
    for (let count = 0; count < 150; count++) {
      soaking.push(facts(`k${count}`, { health: "Healthy", longestSoak: 1e9 }));
      soaked.push(facts(`k${count}`, { health: "Healthy", longestSoak: 0 }));
    }
    expect(ledgerOf(...soaking)).to.have.length(MAX_LEDGER);
    expect(ledgerOf(...soaked)).to.have.length(20);
  });
});
