import { expect } from "chai";
import type { LedgerEntry } from "../../../../src/api/ledger.js";
import {
  allProven,
  type EarlierApp,
  failedBefore,
  type Proof,
  proofOfCommit,
  proofOfVersion,
  selectCommit,
} from "../../../../src/gates/promotion/eligibility.js";

const T = "2026-11-30T12:00:00Z";
const NOW = Date.parse(T) + 60_000;
const SINCE = { soak: 3600, soakMode: "SinceFirstHealthy" } as const;
const CONTINUOUS = { soak: 3600, soakMode: "Continuous" } as const;

function entry(commit: string, rest: Partial<LedgerEntry> = {}): LedgerEntry {
  return { commit, key: `k-${commit}`, ...rest };
}

const healthy = { firstHealthy: T, observed: 4000 };
const ended = { ended: T, how: "Replaced" } as const;

function earlier(ledger: readonly LedgerEntry[], newest?: string): EarlierApp {
  return { name: "OverseerApp staging/web", ledger, newest };
}

const why = (proof: Proof): string => (proof.proven ? "proven" : proof.why.replace("OverseerApp staging/web: ", ""));

describe("eligibility for promotion", () => {
  const soaking = { firstHealthy: T, observed: 1800 };
  const cases: readonly (readonly [what: string, app: EarlierApp, rule: typeof SINCE | typeof CONTINUOUS, RegExp])[] = [
    ["a soaked commit", earlier([entry("c", healthy)]), SINCE, /^proven$/],
    ["a later commit with the same inputs", earlier([entry("b", { ...healthy, through: "c" })]), SINCE, /^proven$/],
    ["the newest commit that did not change the app", earlier([entry("b", healthy)], "c"), SINCE, /^proven$/],
    ["no ledger", earlier([]), SINCE, /^it has not been applied there$/],
    ["another commit", earlier([entry("b", healthy)], "d"), SINCE, /^it has not been applied there$/],
    [
      "a newest commit of ended inputs",
      earlier([entry("b", { ...healthy, ...ended })], "c"),
      SINCE,
      /not been applied/,
    ],
    ["inputs that are not healthy yet", earlier([entry("c")]), SINCE, /^it has not been healthy there yet$/],
    ["a running soak", earlier([entry("c", soaking)]), SINCE, /its soak of 3600s ends at 2026-11-30T13:00:00Z at the/],
    ["failed inputs", earlier([entry("c", { failed: T })]), SINCE, /^it failed there at/],
    [
      "inputs that failed and were replaced",
      earlier([entry("c", { failed: T, ended: T, how: "Failed" })]),
      SINCE,
      /failed/,
    ],
    ["healthy again after a failure", earlier([entry("c", { ...healthy, failed: T })]), SINCE, /^proven$/],
    [
      "inputs that were rolled back",
      earlier([entry("c", { ...healthy, ended: T, how: "RolledBack" })]),
      SINCE,
      /rolled/,
    ],
    [
      "a later failure",
      earlier([entry("c", { ...healthy, ...ended }), entry("d", { failed: T })]),
      SINCE,
      /^the later commit d failed there at/,
    ],
    [
      "a soak that went on with later inputs",
      earlier([entry("c", { ...healthy, ...ended, held: 60 }), entry("d", soaking)]),
      SINCE,
      /^proven$/,
    ],
    [
      "a continuous soak that later inputs ended",
      earlier([entry("c", { ...healthy, ...ended, held: 60 }), entry("d", soaking)]),
      CONTINUOUS,
      /^it was replaced there after 60s/,
    ],
    [
      "the last time that a commit was applied",
      earlier([entry("c", { ...healthy, ended: T, how: "RolledBack" }), entry("b", healthy), entry("c", healthy)]),
      SINCE,
      /^proven$/,
    ],
  ];
  for (const [what, app, rule, expected] of cases)
    it(`judges ${what}`, () => {
      expect(why(proofOfCommit("c", app, rule, NOW))).to.match(expected);
    });

  it("knows when a soak may end, and that time alone does not end one that was not observed", () => {
    const proof = (now: number): Proof => proofOfCommit("c", earlier([entry("c", soaking)]), SINCE, now);
    expect(proof(NOW)).to.include({ until: Date.parse(T) + 3_600_000 });
    expect(proof(NOW + 7_200_000)).to.not.have.property("until");
  });

  it("judges each image by all inputs that contained it", () => {
    const app = earlier([
      entry("a", { ...healthy, ...ended, versions: ["web:1"] }),
      entry("b", { ...soaking, versions: ["web:2"] }),
    ]);
    expect(why(proofOfVersion("web:1", app, SINCE, NOW))).to.equal("proven");
    expect(why(proofOfVersion("web:2", app, SINCE, NOW))).to.match(/^web:2: it has been healthy there since/);
    expect(why(proofOfVersion("web:3", app, SINCE, NOW))).to.equal("web:3: it has not been applied there");
  });

  const open: Proof = { proven: false, why: "no" };
  const line = ["e", "d", "c", "b", "a"];
  const select = (base: string | undefined, proven: readonly string[]) =>
    selectCommit({ commits: line, base }, (commit) => (proven.includes(commit) ? { proven: true } : open));

  it("selects the newest proven commit after the base, never one before it", async () => {
    expect(await select("a", ["b", "d"])).to.deep.equal({ kind: "Promote", commit: "d" });
    expect(await select("c", ["b", "a", "c"])).to.deep.equal({ kind: "Stay", why: "no" });
    expect(await select(undefined, ["a"])).to.deep.equal({ kind: "Promote", commit: "a" });
    expect(await select("e", line)).to.deep.equal({ kind: "Stay", why: "there is no newer commit" });
  });

  it("moves nothing after the history was rewritten", async () => {
    expect(await select("x", line)).to.include({ kind: "Stay" });
    expect((await select("x", line)) as { why: string })
      .to.have.property("why")
      .that.matches(/history was rewritten/);
  });

  it("requires all proofs, and waits for the last of them", () => {
    expect(allProven([])).to.deep.equal({ proven: true });
    const proofs = [{ proven: true }, { ...open, until: 5 }, { ...open, why: "nor", until: 9 }] as const;
    expect(allProven(proofs)).to.deep.equal({ proven: false, why: "no; nor", until: 9 });
  });

  it("does not take inputs again that failed or were rolled back here, unless they were applied again", () => {
    const failed = entry("a", { ended: T, how: "Failed" });
    expect(failedBefore([failed], { key: "k-a" })).to.equal(failed);
    expect(failedBefore([failed, entry("a", ended)], { key: "k-a" })).to.equal(undefined);
    expect(failedBefore([entry("a", ended)], { key: "k-a" })).to.equal(undefined);
    const upgraded = { key: "of another renderer", sourceKey: "k-a" };
    expect(failedBefore([failed], upgraded), "an upgrade lies in between").to.equal(failed);
  });
});
