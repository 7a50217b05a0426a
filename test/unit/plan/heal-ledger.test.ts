import { expect } from "chai";
import { HealLedger } from "../../../src/plan/heal-ledger.js";

const KEY = "apps/Deployment/shop/web";
const RIVAL = "autoscaler: .spec.replicas";
const MINUTE = 60_000;

/** Simulates a writer that changes the field back after each heal; returns the delay before each heal. */
function fight(
  ledger: HealLedger,
  heals: number,
  competitor = RIVAL,
  start = 0,
): { readonly waits: number[]; readonly now: number } {
  const waits: number[] = [];
  let now = start;
  for (let heal = 0; heal < heals; heal++) {
    const wait = ledger.waitBeforeHeal(KEY, competitor, now);
    waits.push(wait);
    now += wait;
    ledger.healed(KEY, competitor, now);
  }
  return { waits, now };
}

describe("HealLedger", () => {
  it("heals at once twice, then waits 10 s and twice as long each time, up to 10 minutes", () => {
    const { waits } = fight(new HealLedger(), 10);
    expect(waits).to.deep.equal([0, 0, 10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 600_000, 600_000]);
  });

  it("counts the backoff from the last heal, not from the last verification", () => {
    const ledger = new HealLedger();
    fight(ledger, 2);
    expect(ledger.waitBeforeHeal(KEY, RIVAL, 4_000)).to.equal(6_000);
    expect(ledger.waitBeforeHeal(KEY, RIVAL, 10_000)).to.equal(0);
  });

  it("calls an object contested from the fifth heal on, with its competitor", () => {
    const ledger = new HealLedger();
    const { now } = fight(ledger, 4);
    expect(ledger.contests(now)).to.deep.equal([]);
    const wait = ledger.waitBeforeHeal(KEY, RIVAL, now);
    ledger.healed(KEY, RIVAL, now + wait);
    expect(ledger.contests(now + wait)).to.deep.equal([
      { key: KEY, competitor: RIVAL, heals: 5, endsAt: now + wait + 160_000 },
    ]);
  });

  it("treats another writer, and other paths of the same writer, as another conflict", () => {
    const ledger = new HealLedger();
    const { now } = fight(ledger, 4);
    expect(ledger.waitBeforeHeal(KEY, "thief: .spec.replicas", now)).to.equal(0);
    expect(ledger.waitBeforeHeal(KEY, "autoscaler: .spec.paused", now)).to.equal(0);
  });

  it("keeps conflicts of different objects separate", () => {
    const ledger = new HealLedger();
    fight(ledger, 4);
    expect(ledger.waitBeforeHeal("apps/Deployment/shop/other", RIVAL, 0)).to.equal(0);
  });

  it("detects two alternating writers as two conflicts", () => {
    const ledger = new HealLedger();
    for (let turn = 0; turn < 2; turn++) {
      ledger.healed(KEY, "a: .spec.x", turn);
      ledger.healed(KEY, "b: .spec.x", turn);
    }
    expect(ledger.waitBeforeHeal(KEY, "a: .spec.x", 2)).to.be.greaterThan(0);
    expect(ledger.waitBeforeHeal(KEY, "b: .spec.x", 2)).to.be.greaterThan(0);
  });

  it("forgets a conflict after a quiet time of twice its backoff", () => {
    const ledger = new HealLedger();
    const { now } = fight(ledger, 6);
    const [contest] = ledger.contests(now);
    const end = contest?.endsAt ?? 0;
    expect(end - now).to.be.at.least(MINUTE);
    expect(ledger.contests(end - 1)).to.have.length(1);
    expect(ledger.contests(end)).to.deep.equal([]);
    ledger.healed(KEY, RIVAL, end);
    expect(ledger.waitBeforeHeal(KEY, RIVAL, end), "a new fight begins").to.equal(0);
  });

  it("verifies an unchanged object at most once a second", () => {
    const ledger = new HealLedger();
    expect(ledger.waitBeforeVerify(KEY, 0)).to.equal(0);
    ledger.verified(KEY, 0);
    expect(ledger.waitBeforeVerify(KEY, 400)).to.equal(600);
    expect(ledger.waitBeforeVerify(KEY, 1_000)).to.equal(0);
  });

  it("keeps few verifications, whatever the number of objects", () => {
    const ledger = new HealLedger();
    for (let n = 0; n < 1_000; n++) ledger.verified(`old-${n}`, 0);
    ledger.verified("new", 5_000);
    expect(ledger.waitBeforeVerify("old-1", 500)).to.equal(0);
    expect(ledger.waitBeforeVerify("new", 5_000)).to.equal(1_000);
  });

  it("starts afresh on request", () => {
    const ledger = new HealLedger();
    const { now } = fight(ledger, 6);
    ledger.verified(KEY, now);
    ledger.clear();
    expect(ledger.waitBeforeHeal(KEY, RIVAL, now)).to.equal(0);
    expect(ledger.waitBeforeVerify(KEY, now)).to.equal(0);
    expect(ledger.contests(now)).to.deep.equal([]);
  });
});
