import { expect } from "chai";
import type { CommitReport } from "../../../../src/controllers/commit-status/commit-report.js";
import { ReportFailures } from "../../../../src/controllers/commit-status/report-failures.js";
import { CommitStatusReporter, type ReportMemory } from "../../../../src/controllers/commit-status/reporter.js";
import { GitError, type NewCommitStatus } from "../../../../src/git/index.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";
import { app, cacheOf, repository } from "../support/resources.js";

const signal = new AbortController().signal;

/** A reporter of app shop/web, with a host that answers with `error` while it is set. */
function rig(statuses = true) {
  const clock = new FakeClock();
  const failures = new ReportFailures(clock);
  const memory: ReportMemory = { commitReport: undefined, commitStatus: undefined };
  const sent: string[] = [];
  const told: string[] = [];
  const state = { error: undefined as GitError | undefined };
  const send = async ({ commit, state: value, context }: NewCommitStatus): Promise<void> => {
    if (state.error) throw state.error;
    sent.push(`${context} ${commit} ${value}`);
  };
  const reporter = new CommitStatusReporter({
    ...{ clock, failures, memories: new Map([["shop/web", memory]]) },
    apps: cacheOf([app("shop/web")]) as never,
    repositories: cacheOf([repository("shop/repo", { spec: { provider: { statuses } } })]) as never,
    events: { record: (_, { reason }) => told.push(`event ${reason}`) },
    repositoryOf: () => "shop/repo",
    open: async () => ({ setStatus: send }) as never,
    targetUrlOf: () => undefined,
    onReported: (key) => told.push(`reported ${key}`),
    onCondition: (key) => told.push(`condition ${key}`),
  });
  const wanted = (commit: string, key: string, value: CommitReport["state"]): void => {
    memory.commitReport = { commit, key, state: value, reason: "R", message: "m" };
  };
  const reconcile = () => reporter.reconcile("shop/web", new FakeLogger(), signal);
  return { clock, failures, memory, sent, told, state, wanted, reconcile };
}

describe("the reporter of commit statuses", () => {
  it("sends each transition once, and the end of a replaced commit before the next", async () => {
    const { sent, told, wanted, reconcile, memory } = rig();
    await reconcile();
    wanted("c1", "k1", "Pending");
    for (let i = 0; i < 3; i++) await reconcile();
    expect(sent.splice(0)).to.deep.equal(["overseer/shop/web c1 Pending"]);
    expect(told.splice(0)).to.deep.equal(["reported shop/web", "condition shop/repo"]);
    wanted("c2", "k2", "Success");
    await reconcile();
    expect(sent).to.deep.equal(["overseer/shop/web c1 Canceled", "overseer/shop/web c2 Success"]);
    expect(memory.commitStatus).to.deep.equal({ commit: "c2", key: "k2", state: "Success", reason: "R" });
  });

  it("sends only the newest state after a failure, and not before its backoff has ended", async () => {
    const { sent, told, wanted, reconcile, state, clock } = rig();
    state.error = new GitError("GIT_PERMISSION_DENIED", "no scope");
    wanted("c1", "k1", "Pending");
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 5_000 });
    wanted("c2", "k2", "Success");
    expect((await reconcile()).requeueAfterMs, "it waits").to.be.within(1, 5_000);
    expect(told.splice(0)).to.deep.equal(["condition shop/repo", "event PermissionDenied"]);
    state.error = undefined;
    clock.advance(5_000);
    await reconcile();
    expect(sent).to.deep.equal(["overseer/shop/web c2 Success"]);
    expect(told).to.deep.equal(["reported shop/web", "condition shop/repo"]);
  });

  it("sends nothing for a repository that does not want it", async () => {
    const { sent, wanted, reconcile } = rig(false);
    wanted("c1", "k1", "Success");
    expect(await reconcile()).to.deep.equal({});
    expect(sent).to.deep.equal([]);
  });

  it("passes unexpected errors on", async () => {
    const { wanted, reconcile, state } = rig();
    state.error = new TypeError("a bug") as never;
    wanted("c1", "k1", "Success");
    expect(await reconcile().catch((error: Error) => error.message)).to.equal("a bug");
  });
});
