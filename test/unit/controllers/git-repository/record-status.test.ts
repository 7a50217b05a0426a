import { expect } from "chai";
import { type GitRepository, GitRepositoryStatus } from "../../../../src/api/git-repository.js";
import { ANNOTATION_RECONCILE_AT } from "../../../../src/api/group.js";
import type { RepositoryOutcome } from "../../../../src/controllers/git-repository/conditions.js";
import {
  commitTitle,
  describeCommit,
  eventSubject,
  recordRepository,
} from "../../../../src/controllers/git-repository/record-status.js";
import type { GitRepositoryServices } from "../../../../src/controllers/git-repository/services.js";
import { requestedAt } from "../../../../src/controllers/requested-at.js";
import { FakeClock } from "../../support/fake-clock.js";
import { cacheOf, repository } from "../support/resources.js";

const commit = (message: string, author = "A") => ({
  id: "c1",
  author,
  email: "a@example.com",
  time: 1_767_225_600,
  message,
});
const asking = (value: string) =>
  repository("shop/repo", { metadata: { generation: 4, annotations: { [ANNOTATION_RECONCILE_AT]: value } } });
const FETCHED: RepositoryOutcome = { kind: "fetched", revision: "main@sha1:c1" };

/** Returns the status written for a poll of a repository. */
async function record(of: GitRepository, outcome: RepositoryOutcome | undefined, status: GitRepositoryStatus = {}) {
  const written: GitRepositoryStatus[] = [];
  const services = {
    clock: new FakeClock(),
    repositories: cacheOf([of]),
    status: { write: async (_: unknown, __: unknown, next: GitRepositoryStatus) => void written.push(next) },
    observer: { state: () => {} },
  } as unknown as GitRepositoryServices;
  await recordRepository(services, of, status, outcome);
  expect(written).to.have.length(1);
  expect(GitRepositoryStatus.safeParse(written[0]).error).to.equal(undefined);
  return written[0];
}

describe("describeCommit", () => {
  it("returns author, time and first line", () => {
    expect(describeCommit(commit("Fix\n\nAll of it.\n"))).to.deep.equal({
      id: "c1",
      author: "A",
      message: "Fix",
      time: "2026-01-01T00:00:00Z",
    });
    expect(commitTitle(commit(""))).to.equal("");
    expect(commitTitle(commit("one line"))).to.equal("one line");
  });

  it("cuts texts to the schema limits without splitting a character", () => {
    const described = describeCommit(commit("😀".repeat(300), "é".repeat(300)));
    expect(described.message.length).to.be.at.most(256);
    expect(described.author).to.have.length(256);
    expect(Buffer.from(described.message).toString()).to.equal(described.message);
  });
});

describe("requestedAt", () => {
  it("returns the annotation, cut to the length that the status allows", () => {
    expect(requestedAt(repository("shop/repo").metadata)).to.equal(undefined);
    expect(requestedAt(asking("now").metadata)).to.equal("now");
    expect(requestedAt(asking("x".repeat(300)).metadata)).to.have.length(256);
  });
});

describe("eventSubject", () => {
  it("identifies the repository", () => {
    expect(eventSubject(repository("shop/repo"))).to.deep.equal({
      apiVersion: "gitops.overseer.io/v1alpha1",
      kind: "GitRepository",
      namespace: "shop",
      name: "repo",
      uid: "uid of shop/repo",
    });
  });
});

describe("recordRepository", () => {
  it("writes conditions for the observed generation", async () => {
    const written = await record(asking("now"), FETCHED, { revision: "main@sha1:c1" });
    expect(written).to.include({ observedGeneration: 4, revision: "main@sha1:c1" });
    expect(written?.conditions?.map(({ type, observedGeneration }) => [type, observedGeneration])).to.deep.equal([
      ["Ready", 4],
      ["Fetched", 4],
    ]);
  });

  it("acknowledges a request after the poll, successful or not, but not while fetching", async () => {
    const failed = {
      kind: "failed",
      reason: "GitUnreachable",
      message: "x",
      terminal: false,
      revision: undefined,
    } as const;
    expect(await record(asking("now"), FETCHED)).to.have.property("lastHandledReconcileAt", "now");
    expect(await record(asking("now"), failed)).to.have.property("lastHandledReconcileAt", "now");
    const fetching = { kind: "fetching", revision: "r" } as const;
    expect(await record(asking("now"), fetching)).not.to.have.property("lastHandledReconcileAt");
    expect(await record(asking("now"), undefined)).not.to.have.property("lastHandledReconcileAt");
    expect(await record(repository("shop/repo"), FETCHED)).not.to.have.property("lastHandledReconcileAt");
  });

  it("publishes the webhook path while webhooks are enabled", async () => {
    const webhook = { secretRef: { name: "hook" } };
    const { spec } = repository("shop/repo");
    const told = await record(repository("shop/repo", { spec: { ...spec, webhook } }), FETCHED);
    expect(told).to.have.property("webhookPath", "/hooks/shop/repo");
    expect(await record(repository("shop/repo"), FETCHED, told)).not.to.have.property("webhookPath");
  });

  it("keeps the conditions without an outcome, except for the generation", async () => {
    const first = await record(repository("shop/repo"), FETCHED);
    const again = repository("shop/repo", { metadata: { generation: 2 }, ...(first ? { status: first } : {}) });
    const written = await record(again, undefined, first);
    expect(written?.conditions).to.deep.equal(first?.conditions?.map((one) => ({ ...one, observedGeneration: 2 })));
  });
});
