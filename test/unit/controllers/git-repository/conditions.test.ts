import { expect } from "chai";
import { type RepositoryOutcome, repositoryConditions } from "../../../../src/controllers/git-repository/conditions.js";

const failed = (terminal: boolean, revision?: string): RepositoryOutcome => ({
  kind: "failed",
  reason: "AuthenticationFailed",
  message: "the remote refused the token",
  terminal,
  revision,
});

const ROWS: readonly (readonly [string, RepositoryOutcome, readonly string[]])[] = [
  [
    "fetched",
    { kind: "fetched", revision: "main@sha1:c1" },
    [
      "Ready=True Fetched: main@sha1:c1 is fetched and verified",
      "Fetched=True Fetched: main@sha1:c1 is fetched and verified",
    ],
  ],
  [
    "being fetched",
    { kind: "fetching", revision: "main@sha1:c1" },
    [
      "Ready=Unknown Fetching: fetching main@sha1:c1",
      "Fetched=Unknown Fetching: fetching main@sha1:c1",
      "Reconciling=True Fetching: fetching main@sha1:c1",
    ],
  ],
  [
    "failing for now",
    failed(false),
    [
      "Ready=False AuthenticationFailed: the remote refused the token",
      "Fetched=False AuthenticationFailed: the remote refused the token",
      "Reconciling=True Retrying: retrying automatically",
    ],
  ],
  [
    "failing for now with a revision in use",
    failed(false, "main@sha1:c0"),
    [
      "Ready=False AuthenticationFailed: the remote refused the token; main@sha1:c0 stays in use",
      "Fetched=False AuthenticationFailed: the remote refused the token; main@sha1:c0 stays in use",
      "Reconciling=True Retrying: retrying automatically",
    ],
  ],
  [
    "failing for good",
    failed(true, "main@sha1:c0"),
    ["Ready=False", "Fetched=False", "Stalled=True"].map(
      (what) => `${what} AuthenticationFailed: the remote refused the token; main@sha1:c0 stays in use`,
    ),
  ],
];

describe("conditions of a repository", () => {
  for (const [what, outcome, expected] of ROWS) {
    const drafts = repositoryConditions(outcome);
    it(`that is ${what} are ${drafts.map(({ type, status }) => `${type} ${status}`).join(", ")}`, () => {
      expect(drafts.map((one) => `${one.type}=${one.status} ${one.reason}: ${one.message}`)).to.deep.equal(expected);
    });

    it(`that is ${what} conform to kstatus`, () => {
      const by = new Map<string, string>(drafts.map(({ type, status }) => [type, status]));
      if (by.get("Ready") === "Unknown") expect(by.get("Reconciling")).to.equal("True");
      if (by.get("Ready") === "True") expect(by.has("Reconciling") || by.has("Stalled")).to.equal(false);
      expect(by.has("Reconciling") && by.has("Stalled")).to.equal(false);
      expect(by.get("Fetched")).to.equal(by.get("Ready"));
    });
  }
});
