import { expect } from "chai";
import { ApprovalRule } from "../../../src/api/environment-gates.js";
import { approvalGate } from "../../../src/gates/approval.js";
import { authorsOf, type CommitOrigin, whyAuthor } from "../../../src/gates/authors.js";
import type { GateContext } from "../../../src/gates/context.js";
import { judgeGates } from "../../../src/gates/judge.js";
import { type Approver, whatLacksWithoutAny } from "../../../src/gates/quorum.js";
import type { PullRequest } from "../../../src/git/index.js";
import { FakeClock } from "../support/fake-clock.js";
import { environment } from "./support/environments.js";
import { gateContext, listerOf, NO_DECISIONS } from "./support/gate-context.js";

const IDENTITIES = [
  { users: ["alice", "cert:alice"], accounts: ["git.example.com/ann"], keys: ["SHA256:aaaa"] },
  { users: ["bob"], accounts: ["git.example.com/id:2"], keys: ["0123456789ABCDEF0123456789abcdef01234567"] },
  { users: ["carol"] },
  { accounts: ["git.example.com/bot"] },
];
const ann = { name: "ann", id: "1" };
const bob = { name: "bobby", id: "2" };
const bot = { name: "bot", id: "9" };
const stranger = { name: "mallory", id: "66" };

const pull = (author: typeof ann, merger?: typeof ann): PullRequest => ({
  ...{ number: 7, url: "u", base: "main", head: "h", author, reviews: [] },
  ...(merger === undefined ? {} : { merger }),
});
const commit = (more: Partial<CommitOrigin>): CommitOrigin => ({ commit: "c1", pulls: [], key: undefined, ...more });
const by = (...pulls: PullRequest[]): CommitOrigin => commit({ pulls });
const authors = (...commits: CommitOrigin[]) =>
  authorsOf({ host: "git.example.com", commits, requester: undefined, unrecorded: undefined }, IDENTITIES);

describe("the authors of a Change", () => {
  const cases: readonly (readonly [
    what: string,
    commits: readonly CommitOrigin[],
    user: string,
    why: RegExp | "counts",
  ])[] = [
    [
      "the author of the pull request",
      [by(pull(ann, bob))],
      "alice",
      /alice is the author of pull request 7 \(commit c1\)/,
    ],
    ["another user name of the author", [by(pull(ann, bob))], "cert:alice", /cert:alice is the author of/],
    ["who has merged it, known by ID", [by(pull(ann, bob))], "bob", /bob has merged pull request 7/],
    ["another person", [by(pull(ann, bob))], "carol", "counts"],
    ["an approver whom nobody knows", [by(pull(ann, bob))], "dave", /dave is in no entry of spec.identities/],
    [
      "an account that nobody knows",
      [by(pull(stranger, bob))],
      "carol",
      /no entry .* account git.example.com\/mallory \(git.example.com\/id:66\)/,
    ],
    ["an unknown merger", [by(pull(ann))], "carol", /does not tell who has merged it/],
    ["an author of a second commit", [by(pull(bob, bob)), by(pull(ann, ann))], "alice", /alice is the author/],
    [
      "one unknown commit among known ones",
      [by(pull(ann, ann)), commit({ commit: "c2" })],
      "carol",
      /commit c2 did not come by a pull request/,
    ],
    ["a program merged by a person", [by(pull(bot, ann))], "alice", /alice has merged/],
    ["a program merged by a person, for others", [by(pull(bot, ann))], "bob", "counts"],
    ["programs alone", [by(pull(bot, bot))], "carol", /which only programs have opened and merged/],
    ["a push without a signature", [commit({})], "carol", /did not come by a pull request, and has no signature/],
    ["who has signed a push", [commit({ key: "ED25519 SHA256:aaaa" })], "alice", /alice has signed commit c1/],
    ["others of a signed push", [commit({ key: "ED25519 SHA256:aaaa" })], "bob", "counts"],
    [
      "an OpenPGP key in other case",
      [commit({ key: "OpenPGP 0123456789abcdef0123456789abcdef01234567" })],
      "bob",
      /bob has signed/,
    ],
    [
      "a key that nobody has",
      [commit({ key: "ED25519 SHA256:bbbb" })],
      "carol",
      /signed by the key ED25519 SHA256:bbbb, which no user/,
    ],
    [
      "who has signed what another one merged",
      [commit({ pulls: [pull(bob, bob)], key: "ED25519 SHA256:aaaa" })],
      "alice",
      /has signed/,
    ],
    [
      "a name that can be chosen freely",
      [by(pull({ ...ann, isNameFree: true } as typeof ann, bob))],
      "carol",
      /no entry/,
    ],
    ["no commit", [], "alice", "counts"],
  ];
  for (const [what, commits, user, why] of cases)
    it(`judges ${what}`, () => {
      const found = whyAuthor(user, authors(...commits), IDENTITIES) ?? "counts";
      if (why === "counts") expect(found).to.equal("counts");
      else expect(found).to.match(why);
    });

  it("does not take an account at another host for that of a person", () => {
    const origins = {
      host: "evil.example.com",
      commits: [by(pull(ann, ann))],
      requester: undefined,
      unrecorded: undefined,
    };
    expect(authorsOf(origins, IDENTITIES).unknown.join()).to.contain("evil.example.com/ann");
  });

  it("counts the requester of the Change as an author, under each user name", () => {
    const origins = { host: "h", commits: [], requester: "cert:alice", unrecorded: undefined };
    const found = authorsOf(origins, IDENTITIES);
    expect(whyAuthor("alice", found, IDENTITIES)).to.contain("alice has requested the Change");
    expect(whyAuthor("bob", found, IDENTITIES)).to.equal(undefined);
  });
});

describe("an approval where one approver may be an author", () => {
  const user = (name: string, ...groups: string[]): Approver => ({ name, groups, time: 0 });
  const cases: readonly (readonly [Record<string, unknown>, readonly Approver[], RegExp | undefined])[] = [
    [{}, [user("a")], /^one more approval \(a\)/],
    [{}, [user("a"), user("b")], undefined],
    [{}, [user("a"), { ...user("b"), person: "a" }], /^one more approval/],
    [{ required: 2 }, [user("a"), user("b")], /^one more approval/],
    [{ groups: ["sre"] }, [user("a", "sre"), user("b")], /^one more approval/],
    [{ groups: ["sre"] }, [user("a", "sre"), user("b", "sre")], undefined],
    [{}, [], /^0 of 1 approvals/],
  ];
  for (const [rule, approvers, lack] of cases)
    it(`${lack ? "waits" : "passes"} with ${approvers.map(({ name, person = name }) => person).join(" and ") || "nobody"} for ${JSON.stringify(rule)}`, () => {
      const found = whatLacksWithoutAny(ApprovalRule.parse(rule), approvers, "an edit of the app");
      if (lack === undefined) expect(found).to.equal(undefined);
      else expect(found).to.match(lack);
    });
});

describe("the gate approval with forbidAuthor", () => {
  const prod = environment("prod", {
    ...{ namespaces: [{ name: "shop" }], identities: IDENTITIES },
    gates: { approval: { forbidAuthor: true } },
  });
  const judge = async (approver: string, found: ReturnType<typeof authors>, changes: Partial<GateContext> = {}) => {
    const approvers = [{ name: approver, groups: [], time: gateContext().now }];
    const [result] = await judgeGates(
      [approvalGate],
      gateContext({
        ...{ lister: listerOf([], [], {}, [prod]), authorsFor: async () => found },
        ...{ approvals: { ...NO_DECISIONS, approvedBy: approver, approvers }, ...changes },
      }),
      new FakeClock(),
    );
    return `${result?.state.state}: ${result?.state.message}`;
  };

  it("waits for another person than the author, and says who that is", async () => {
    const found = authors(by(pull(ann, ann)));
    expect(await judge("alice", found)).to.equal(
      "Wait: Environment prod: 0 of 1 approvals; not by authors: alice is the author of pull request 7 (commit c1)",
    );
    expect(await judge("bob", found)).to.equal("Pass: approved by bob, as Environment prod in generation 1 requires");
  });

  it("waits whoever approves while the authors are not known, or cannot be asked for", async () => {
    expect(await judge("bob", authors(commit({})))).to.match(/^Wait: .*no approval counts, since .* did not come by/);
    const broken = { authorsFor: () => Promise.reject(new Error("no answer")) };
    expect(await judge("bob", authors(), broken)).to.match(/^Wait: cannot be evaluated: .*no answer/);
  });

  it("waits for one more user if something has no recorded author", async () => {
    const found = { ...authors(), unrecorded: "an edit of the app" };
    expect(await judge("bob", found)).to.match(/^Wait: .*one more approval \(bob\)/);
  });
});
