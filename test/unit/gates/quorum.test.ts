import { expect } from "chai";
import { ApprovalRule } from "../../../src/api/environment-gates.js";
import { type Approver, whatLacks, whyIneligible } from "../../../src/gates/quorum.js";

const HOUR = 3_600_000;
const rule = (fields: Readonly<Record<string, unknown>>): ApprovalRule => ApprovalRule.parse(fields);
const user = (name: string, ...groups: string[]): Approver => ({ name, groups, time: 0 });

describe("the quorum of approvals", () => {
  const cases: readonly (readonly [
    what: string,
    rule: Readonly<Record<string, unknown>>,
    approvers: readonly Approver[],
    lacks: string | undefined,
  ])[] = [
    ["needs one by default", {}, [], "0 of 1 approvals"],
    ["is met by one", {}, [user("alice")], undefined],
    ["counts users", { required: 2 }, [user("alice")], "1 of 2 approvals (alice)"],
    ["counts each user once", { required: 2 }, [user("alice"), user("alice")], "1 of 2 approvals (alice)"],
    [
      "needs one of each group",
      { groups: ["dev", "sre"] },
      [user("alice", "dev")],
      "1 of 2 approvals (alice), none of group sre",
    ],
    ["is met by one of each group", { groups: ["dev", "sre"] }, [user("alice", "dev"), user("bob", "sre")], undefined],
    [
      "needs different users for the groups",
      { groups: ["dev", "sre"] },
      [user("alice", "dev", "sre"), user("bob")],
      "the groups dev, sre each need another user (alice, bob)",
    ],
    [
      "assigns users to groups as well as possible",
      { groups: ["dev", "sre"] },
      [user("alice", "dev", "sre"), user("bob", "dev")],
      undefined,
    ],
    [
      "needs more than the groups if required says so",
      { required: 3, groups: ["dev"] },
      [user("a", "dev"), user("b")],
      "2 of 3 approvals (a, b)",
    ],
  ];
  for (const [what, fields, approvers, lacks] of cases)
    it(what, () => {
      expect(whatLacks(rule(fields), approvers)).to.equal(lacks);
    });

  it("leaves out ServiceAccounts that are not listed, and users without the prefix", () => {
    const robot = user("system:serviceaccount:ci:approver");
    expect(whyIneligible(robot, rule({}), 0)).to.contain("ServiceAccount ci/approver is not listed");
    expect(whyIneligible(robot, rule({ serviceAccounts: ["ci/approver"], userPrefix: "oidc:" }), 0)).to.equal(
      undefined,
    );
    expect(whyIneligible(user("alice"), rule({ userPrefix: "oidc:" }), 0)).to.contain("does not begin with oidc:");
    expect(whyIneligible(user("oidc:alice"), rule({ userPrefix: "oidc:" }), 0)).to.equal(undefined);
  });

  it("leaves out approvals that have expired", () => {
    const short = rule({ expires: "1h" });
    expect(whyIneligible(user("alice"), short, HOUR - 1)).to.equal(undefined);
    expect(whyIneligible(user("alice"), short, HOUR)).to.contain("it expired at 1970-01-01T01:00:00Z");
  });
});
