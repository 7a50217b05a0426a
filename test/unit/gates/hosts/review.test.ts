import { expect } from "chai";
import { type Environment, EnvironmentSpec } from "../../../../src/api/environment.js";
import { API_VERSION } from "../../../../src/api/group.js";
import type { GateContext } from "../../../../src/gates/context.js";
import { changedCommits } from "../../../../src/gates/hosts/changed-commits.js";
import { checksGate, whyNotPassed } from "../../../../src/gates/hosts/checks.js";
import type { HostFacts } from "../../../../src/gates/hosts/host-facts.js";
import { reviewGate, whyNotReviewed } from "../../../../src/gates/hosts/review.js";
import { judgeGates } from "../../../../src/gates/judge.js";
import { type Check, GitError, type PullRequest, type Review } from "../../../../src/git/index.js";
import { app, inputs } from "../../controllers/support/resources.js";
import { FakeClock } from "../../support/fake-clock.js";
import { gateContext, listerOf, NO_DECISIONS } from "../support/gate-context.js";

const ann = { name: "ann", id: "1" };
const bob = { name: "bob", id: "2" };
const cyd = { name: "cyd", id: "3" };

function approval(user: typeof bob, changes: Partial<Review> = {}): Review {
  return { user, state: "Approved", commit: "head", canWrite: true, ...changes };
}

function pull(reviews: readonly Review[], changes: Partial<PullRequest> = {}): PullRequest {
  return { number: 7, url: "u", base: "main", head: "head", author: ann, reviews, ...changes };
}

describe("the gate review", () => {
  const cases: readonly (readonly [what: string, pulls: readonly PullRequest[], required: number, RegExp])[] = [
    ["an approval of another writer", [pull([approval(bob)])], 1, /^reviewed$/],
    ["a commit without a pull request", [], 1, /^did not come by a pull request to main$/],
    [
      "a pull request to another branch",
      [pull([approval(bob)], { base: "tmp" })],
      1,
      /^did not come by a pull request/,
    ],
    ["no review", [pull([])], 1, /with 0 of 1 required approvals$/],
    ["the author's own approval", [pull([approval(ann)])], 1, /ann is its author/],
    ["an approval of an earlier state", [pull([approval(bob, { commit: "older" })])], 1, /an earlier state/],
    [
      "an approval of an unknown state",
      [pull([{ user: bob, state: "Approved", canWrite: true }])],
      1,
      /does not tell which/,
    ],
    ["a reviewer without write permission", [pull([approval(bob, { canWrite: false })])], 1, /has no write permission/],
    [
      "a reviewer whose permission is unknown",
      [pull([{ user: bob, state: "Approved", commit: "head" }])],
      1,
      /does not tell whether bob has write permission/,
    ],
    ["a dismissed approval", [pull([approval(bob, { state: "Dismissed" })])], 1, /with 0 of 1/],
    ["a remark", [pull([approval(bob, { state: "Commented" })])], 1, /with 0 of 1/],
    ["an objection", [pull([approval(bob), approval(cyd, { state: "ChangesRequested" })])], 1, /cyd requested changes/],
    [
      "an objection of a stranger",
      [pull([approval(bob), approval(cyd, { state: "ChangesRequested", canWrite: false })])],
      1,
      /^reviewed$/,
    ],
    ["one of two approvals", [pull([approval(bob)])], 2, /with 1 of 2 required approvals$/],
    ["two approvals of one user", [pull([approval(bob), approval(bob)])], 2, /with 1 of 2/],
    ["two approvals", [pull([approval(bob), approval(cyd)])], 2, /^reviewed$/],
    ["one of two pull requests", [pull([]), pull([approval(bob)])], 1, /^reviewed$/],
  ];
  for (const [what, pulls, required, expected] of cases)
    it(`judges ${what}`, () => {
      expect(whyNotReviewed(pulls, required, "main") ?? "reviewed").to.match(expected);
    });

  const lines: readonly (readonly [what: string, keys: string, expected: string])[] = [
    ["nothing since the applied commit", "a", ""],
    ["commits that do not change the inputs", "aaa", ""],
    ["each change", "abcd", "1 2 3"],
    ["changes among others", "aabbc", "2 4"],
    ["no change that was reverted", "axa", ""],
    ["only what led to the last state", "abxybc", "1 5"],
    ["the last state as first reached", "abcb", "1"],
    ["commits that cannot be read", "a?a", ""],
    ["a commit that cannot be read, at the end", "ab?", "1 2"],
    ["an applied commit that cannot be read", "?ab", "1 2"],
  ];
  for (const [what, keys, expected] of lines)
    it(`examines ${what}`, () => {
      const line = [...keys].map((key, index) => ({ commit: String(index), key: key === "?" ? undefined : key }));
      expect(changedCommits(line).join(" ")).to.equal(expected);
    });
});

describe("the gate checks", () => {
  const check = (app: string | undefined, conclusion: Check["conclusion"], name = "ci"): Check => ({
    ...{ name, conclusion },
    ...(app === undefined ? {} : { app }),
  });
  const cases: readonly (readonly [what: string, checks: readonly Check[], RegExp])[] = [
    ["a success", [check("15368", "Success")], /^passed$/],
    ["none", [], /^check ci of 15368 was not reported$/],
    ["another name", [check("15368", "Success", "lint")], /was not reported/],
    ["a check of another app", [check("99", "Success")], /was reported by 99, not by 15368/],
    ["a check of an unknown app", [check(undefined, "Success")], /does not tell who has reported it/],
    ["a forged success beside the failure", [check("99", "Success"), check("15368", "Failure")], /is Failure$/],
    ["two, one of them failed", [check("15368", "Success"), check("15368", "Failure")], /is Failure$/],
  ];
  for (const [what, checks, expected] of cases)
    it(`judges ${what}`, () => {
      expect(whyNotPassed(checks, { name: "ci", app: "15368" }) ?? "passed").to.match(expected);
    });
  for (const conclusion of ["Pending", "Neutral", "Skipped", "Canceled"] as const)
    it(`does not take ${conclusion} for success`, () => {
      expect(whyNotPassed([check("15368", conclusion)], { name: "ci", app: "15368" })).to.match(/ is /);
    });
});

describe("the gates of Git hosts", () => {
  const spec = EnvironmentSpec.parse({
    namespaces: [{ name: "shop" }],
    gates: { review: { required: 1 }, checks: [{ name: "ci", app: "1" }] },
  });
  const metadata = { name: "prod", uid: "u", resourceVersion: "1", generation: 1 } as Environment["metadata"];
  const environment = { apiVersion: API_VERSION, kind: "Environment", metadata, spec };
  const facts = (changes: Partial<HostFacts> = {}): HostFacts => ({
    branch: "main",
    isSourceEdited: false,
    changesToReview: async () => ({ commits: ["c1", "c2"], isComplete: true }),
    pullRequestsOf: async () => [pull([approval(bob)])],
    checksOf: async () => [{ name: "ci", app: "1", conclusion: "Success" }],
    ...changes,
  });
  const judge = async (gate: typeof reviewGate, host: HostFacts | undefined, changes: Partial<GateContext> = {}) =>
    (
      await judgeGates(
        [gate],
        gateContext({ lister: listerOf([], [], {}, [environment]), host, ...changes }),
        new FakeClock(),
      )
    )[0];
  const limited = Promise.reject(new GitError("GIT_RATE_LIMITED", "too many requests", { retryAfterMs: 600_000 }));
  limited.catch(() => {});

  for (const gate of [reviewGate, checksGate]) {
    it(`${gate.name} passes with all facts, and waits without a host, or while it cannot be asked`, async () => {
      expect((await judge(gate, facts()))?.state.state).to.equal("Pass");
      expect((await judge(gate, undefined))?.state.state).to.equal("Wait");
      const failing = facts({ pullRequestsOf: () => limited, checksOf: () => limited });
      const result = await judge(gate, failing);
      const text = gate === reviewGate ? "too many requests" : "the Git host cannot be asked for checks";
      expect([result?.state.state, result?.state.message]).to.deep.equal(["Wait", text]);
      expect(result?.until).to.equal(gateContext().now + 600_000);
    });

    it(`${gate.name} asks nothing for a rollback, a Change that has begun, and apps without such an Environment`, async () => {
      const nothing = { lister: listerOf() };
      for (const changes of [{ cause: "Rollback" }, { started: true }, nothing] as const)
        expect((await judge(gate, undefined, changes))?.state.state).to.equal("Pass");
    });
  }

  it("review asks for an approval of an app that has applied nothing, unless its whole history was reviewed", async () => {
    expect((await judge(reviewGate, facts()))?.state.state, "all of it").to.equal("Pass");
    const older = facts({ changesToReview: async () => ({ commits: ["c1"], isComplete: false }) });
    const pushed = facts({ pullRequestsOf: async () => [] });
    const approvals = { ...NO_DECISIONS, approvedBy: "alice" };
    for (const [host, text] of [
      [older, /^nothing is applied yet, and the commits with the first files of the app are older/],
      [pushed, /^commit c1 did not come by a pull request .*reviews must cover all commits .*: approve the plan$/],
    ] as const) {
      const held = await judge(reviewGate, host);
      expect(held?.state.message).to.match(text);
      expect(held?.state.opens).to.contain("users with the verb approve");
      expect((await judge(reviewGate, host, { approvals }))?.state.message).to.equal(
        "the first inputs are approved by alice",
      );
    }
    const applied = app("shop/web", { status: { applied: inputs("k") } });
    expect((await judge(reviewGate, pushed, { approvals, app: applied }))?.state.state, "later").to.equal("Wait");
  });

  it("review names each commit that was not reviewed, and waits if the history cannot be read", async () => {
    const pushed = facts({ pullRequestsOf: async (commit) => (commit === "c1" ? [] : [pull([approval(bob)])]) });
    expect((await judge(reviewGate, pushed))?.state.message).to.match(
      /^commit c1 did not come by a pull request to main/,
    );
    const lost = facts({ changesToReview: () => Promise.reject(new Error("the history is gone")) });
    expect((await judge(reviewGate, lost))?.state).to.include({ state: "Wait", message: "the history is gone" });
  });
});
