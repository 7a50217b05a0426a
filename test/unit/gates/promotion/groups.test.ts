import { expect } from "chai";
import type { Environment } from "../../../../src/api/environment.js";
import type { LedgerEntry } from "../../../../src/api/ledger.js";
import { proofOfCommit } from "../../../../src/gates/promotion/eligibility.js";
import { matesOf, notFailedFor } from "../../../../src/gates/promotion/groups.js";
import { liesWithin } from "../../../../src/gates/promotion/line-range.js";

const T = "2026-11-30T12:00:00Z";
/** The line of a ref: `e` is the newest commit. */
const LINE = new Map(["e", "d", "c", "b", "a"].map((commit, index) => [commit, index]));

const prod = {
  metadata: { name: "prod" },
  spec: {
    namespaces: [{ name: "shop" }, { name: "mail" }],
    promotion: {
      groups: [
        { name: "one", apps: [{ name: "web" }, { name: "api" }] },
        {
          name: "two",
          apps: [
            { name: "api", namespace: "shop" },
            { name: "smtp", namespace: "mail" },
          ],
        },
      ],
    },
  },
} as unknown as Environment;

describe("groups of promotions", () => {
  const mates: readonly (readonly [what: string, app: string, expected: readonly string[]])[] = [
    ["an app of one group", "shop/web", ["one shop/api"]],
    ["an app of two groups", "shop/api", ["one shop/web", "two mail/smtp"]],
    ["an app of another namespace", "mail/smtp", ["two shop/api"]],
    ["names without a namespace", "mail/api", ["one mail/web"]],
    ["an app of no group", "shop/cron", []],
    ["a namespace that is not of the Environment", "other/web", []],
  ];
  for (const [what, app, expected] of mates)
    it(`have the right apps: ${what}`, () => {
      const [namespace = "", name = ""] = app.split("/");
      const found = matesOf({ namespace, name }, prod).map((one) => `${one.group} ${one.namespace}/${one.name}`);
      expect(found).to.deep.equal(expected);
    });

  const ranges: readonly (readonly [
    what: string,
    entry: Partial<LedgerEntry>,
    newest: string | undefined,
    in_: string,
  ])[] = [
    ["up to the newest commit", {}, "d", "bcd"],
    ["up to the last one processed", { through: "c" }, undefined, "bc"],
    ["ended inputs, whatever the newest is", { through: "c", ended: T }, "e", "bc"],
    ["one commit", {}, undefined, "b"],
    ["a newest commit of another line", {}, "x", ""],
    ["a first commit of another line", { commit: "x", through: "d" }, undefined, ""],
    ["an end before the beginning", { through: "a" }, undefined, ""],
  ];
  for (const [what, rest, newest, expected] of ranges)
    it(`count commits between two of the same inputs: ${what}`, () => {
      const entry = { commit: "b", key: "k", ...rest };
      const found = [...LINE.keys(), "x"].filter((commit) => liesWithin(commit, entry, newest, LINE));
      expect(found.reverse().join("")).to.equal(expected);
    });

  it("count what a commit itself has done before what lies around it", () => {
    const healthy = { firstHealthy: T, observed: 9_999, ended: T, how: "Replaced" } as const;
    const failed: LedgerEntry = { commit: "c", key: "2", failed: T, ended: T, how: "Failed" };
    const around: LedgerEntry = { commit: "b", key: "1", through: "d", ...healthy };
    const rule = { soak: 60, soakMode: "SinceFirstHealthy" } as const;
    const app = { name: "x", ledger: [failed, around], newest: undefined };
    const proven = (commit: string): boolean => proofOfCommit(commit, app, rule, Date.parse(T), LINE).proven;
    expect(["b", "c", "d", "e"].filter(proven)).to.deep.equal(["b", "d"]);
    expect(proofOfCommit("c", { ...app, ledger: [around] }, rule, 0).proven, "not without a group").to.equal(false);
  });

  const failures: readonly (readonly [what: string, entry: Partial<LedgerEntry>, why: RegExp | undefined])[] = [
    ["applied and healthy", { firstHealthy: T }, undefined],
    ["failed, and applied still", { failed: T }, /^group g: commit c has failed here for OverseerApp prod\/api: /],
    ["healthy again", { failed: T, firstHealthy: T }, undefined],
    ["failed before", { failed: T, ended: T, how: "Failed" }, /has failed here/],
    ["rolled back", { firstHealthy: T, ended: T, how: "RolledBack" }, /was rolled back here/],
    ["replaced", { firstHealthy: T, ended: T, how: "Replaced" }, undefined],
    ["another commit", { commit: "d", failed: T }, undefined],
    ["processed last with failed inputs", { commit: "b", through: "c", failed: T }, /has failed here/],
  ];
  for (const [what, rest, why] of failures)
    it(`hold what failed for another app: ${what}`, () => {
      const proof = notFailedFor({ group: "g", key: "prod/api" }, [{ commit: "c", key: "k", ...rest }], "c");
      if (why === undefined) expect(proof).to.deep.equal({ proven: true });
      else expect(proof.proven ? "" : proof.why).to.match(why);
    });
});
