import { expect } from "chai";
import { ReportFailures } from "../../../../src/controllers/commit-status/report-failures.js";
import { GitError } from "../../../../src/git/index.js";
import { FakeClock } from "../../support/fake-clock.js";

const denied = new GitError("GIT_PERMISSION_DENIED", "no scope");

describe("failures of commit statuses", () => {
  it("delay reports of all apps of a repository with a bad credential, at most ten minutes", () => {
    const clock = new FakeClock();
    const failures = new ReportFailures(clock);
    expect(failures.failed("r", "a", denied)).to.deep.equal({ retryMs: 5_000, isNew: true });
    expect(failures.failed("r", "b", denied)).to.deep.equal({ retryMs: 10_000, isNew: false });
    expect([failures.wait("r", "c"), failures.wait("other", "c")]).to.deep.equal([10_000, 0]);
    for (let i = 0; i < 20; i++) failures.failed("r", "a", denied);
    expect(failures.wait("r", "a")).to.equal(600_000);
    failures.reset("r");
    expect(failures.wait("r", "a")).to.equal(0);
  });

  it("concern one app when the host rejects one commit, which is tried eight times", () => {
    const failures = new ReportFailures(new FakeClock());
    const unknown = new GitError("GIT_HOST_NOT_FOUND", "no such commit");
    const tries = Array.from({ length: 8 }, () => failures.failed("r", "a", unknown).retryMs);
    expect(tries.map((ms) => ms !== undefined)).to.deep.equal([...Array(7).fill(true), false]);
    expect(failures.wait("r", "b")).to.equal(0);
  });

  it("concern one app when the server fails, which is tried until it succeeds", () => {
    const failures = new ReportFailures(new FakeClock());
    const broken = new GitError("GIT_SERVER_ERROR", "HTTP 500");
    for (let i = 0; i < 20; i++) expect(failures.failed("r", "a", broken).retryMs).to.be.within(5_000, 600_000);
    expect(failures.wait("r", "b")).to.equal(0);
  });

  it("wait as long as the host asks", () => {
    const failures = new ReportFailures(new FakeClock());
    const limited = new GitError("GIT_RATE_LIMITED", "slow down", { retryAfterMs: 1_800_000 });
    expect(failures.failed("r", "a", limited).retryMs).to.equal(1_800_000);
  });

  it("make a condition that names the first app, and is True again when none is left", () => {
    const failures = new ReportFailures(new FakeClock());
    expect(failures.conditionOf("r")).to.equal(undefined);
    failures.failed("r", "ns/b", denied);
    failures.failed("r", "ns/a", denied);
    expect(failures.conditionOf("r")).to.include({ status: "False", reason: "PermissionDenied" });
    expect(failures.conditionOf("r")?.message).to.equal(
      "the commit status of app ns/a (and 1 more app) is not reported: no scope",
    );
    expect(failures.succeeded("r", "ns/a")).to.equal(true);
    expect(failures.forget("ns/b", "r"), "its own repository").to.deep.equal([]);
    expect(failures.forget("ns/b")).to.deep.equal(["r"]);
    expect(failures.conditionOf("r")).to.include({ status: "True", reason: "AllReported" });
    expect(failures.succeeded("r", "ns/a"), "nothing new").to.equal(false);
    failures.forgetRepository("r");
    expect(failures.conditionOf("r")).to.equal(undefined);
  });
});
