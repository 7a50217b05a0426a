import { expect } from "chai";
import type { ChangePhase } from "../../../src/api/change.js";
import { type Clock, systemClock } from "../../../src/base/clock.js";
import { createMetrics, type Metrics } from "../../../src/telemetry/metrics.js";
import { appObserver, repositoryObserver } from "../../../src/wiring/observers.js";
import { app, inputs, repository } from "../controllers/support/resources.js";
import { FakeClock } from "../support/fake-clock.js";

const AT = "2026-01-01T00:00:00Z";
const SECONDS = Date.parse(AT) / 1000;
const NAME = { namespace: "shop", name: "web", uid: "u" };
const condition = (type: string, status: "True" | "False" | "Unknown", reason: string) => ({
  type,
  status,
  reason,
  message: "",
  lastTransitionTime: AT,
});

const ended = (phase: ChangePhase, seconds: number) => ({
  ...{ phase, seconds, leadSeconds: undefined, actions: undefined },
});

function observed() {
  let time = 0;
  const clock: Clock = { ...systemClock, monotonic: () => (time += 10_000) };
  const metrics = createMetrics({ clock, version: "v", processMetrics: false });
  return { metrics, observer: appObserver(metrics) };
}

/** Every series about this app or repository. */
async function seriesOf(metrics: Metrics, name = "web"): Promise<string[]> {
  const { body } = await metrics.renderMetrics();
  return body.split("\n").filter((line) => line.includes(`name="${name}"`));
}

describe("The series of an app", () => {
  it("say what runs where, and why not", async () => {
    const { metrics, observer } = observed();
    const conditions = [condition("Ready", "True", "Synced"), condition("Synced", "True", "Applied")];
    const applied = { ...inputs("k"), revision: `main@sha1:${"0123456789".repeat(4)}` };
    observer.state(app("shop/web"), { conditions, applied, health: "Healthy" });
    const series = await seriesOf(metrics);
    expect(series).to.include(
      'overseer_app_info{namespace="shop",name="web",repository="shop/repo",revision="main@sha1:0123456",ready="True",reason="Synced",synced="True",health="Healthy",waiting="",suspended="false"} 1',
    );
    expect(series.join("\n")).not.to.include("_since_");
  });

  it("say what an app waits for and since when, and nothing of it once it goes on", async () => {
    const { metrics, observer } = observed();
    const ready = condition("Ready", "True", "Synced");
    const waits = [ready, condition("Synced", "False", "Waiting"), condition("Waiting", "True", "Deletions")];
    observer.state(app("shop/web"), { conditions: waits });
    const series = await seriesOf(metrics);
    expect(series.filter((line) => line.includes('waiting="Deletions"'))).to.have.length(1);
    expect(series).to.include(`overseer_app_waiting_since_timestamp_seconds{namespace="shop",name="web"} ${SECONDS}`);
    expect(series).to.include(`overseer_app_behind_since_timestamp_seconds{namespace="shop",name="web"} ${SECONDS}`);
    observer.state(app("shop/web"), { conditions: [ready, condition("Synced", "True", "Applied")] });
    const after = await seriesOf(metrics);
    expect(after.filter((line) => line.startsWith("overseer_app_info"))).to.have.length(1);
    expect(after.join("\n")).not.to.match(/_since_|Deletions/);
  });

  it("say since when an app on a Core has no current backup", async () => {
    const { metrics, observer } = observed();
    observer.state(app("shop/web"), { conditions: [condition("BackupFailed", "True", "BackupFailed")] });
    expect(await seriesOf(metrics)).to.include(
      `overseer_app_backup_failed_since_timestamp_seconds{namespace="shop",name="web"} ${SECONDS}`,
    );
    observer.state(app("shop/web"), { conditions: [] });
    expect((await seriesOf(metrics)).join()).not.to.include("backup_failed");
  });

  it("count each Change once, by its app, from 0 on", async () => {
    const { metrics, observer } = observed();
    observer.state(app("shop/web"), { conditions: [] });
    const changes = async () => (await seriesOf(metrics)).filter((line) => line.startsWith("overseer_changes_total"));
    expect(await changes()).to.deep.equal([
      'overseer_changes_total{namespace="shop",name="web",result="Succeeded"} 0',
      'overseer_changes_total{namespace="shop",name="web",result="Failed"} 0',
    ]);
    observer.changeEnded(NAME, ended("Failed", 3));
    observer.changeEnded(NAME, ended("Superseded", 3));
    observer.syncFailed(NAME, "ApplyRefused");
    expect(await changes()).to.deep.equal([
      'overseer_changes_total{namespace="shop",name="web",result="Succeeded"} 0',
      'overseer_changes_total{namespace="shop",name="web",result="Failed"} 1',
      'overseer_changes_total{namespace="shop",name="web",result="Superseded"} 1',
    ]);
    expect(await seriesOf(metrics)).to.include(
      'overseer_sync_failures_total{namespace="shop",name="web",reason="ApplyRefused"} 1',
    );
  });

  it("are all gone with the app, and only they", async () => {
    const { metrics, observer } = observed();
    const conditions = ["Ready", "Synced", "Drifted", "Waiting"].map((type) => condition(type, "False", "X"));
    for (const name of ["web", "other"]) {
      observer.state(app(`shop/${name}`), { conditions });
      for (const phase of ["Succeeded", "Failed", "Superseded"] as const)
        observer.changeEnded({ ...NAME, name }, ended(phase, 1));
      observer.syncFailed({ ...NAME, name }, "ApplyRefused");
    }
    const others = await seriesOf(metrics, "other");
    expect(others.length).to.be.greaterThan(8);
    observer.forgotten("shop", "web");
    expect(await seriesOf(metrics)).to.deep.equal([]);
    expect(await seriesOf(metrics, "other")).to.deep.equal(others);
  });

  it("begin at 0 again for an app that is made anew", async () => {
    const { metrics, observer } = observed();
    observer.changeEnded(NAME, ended("Succeeded", 1));
    observer.forgotten("shop", "web");
    observer.state(app("shop/web"), { conditions: [] });
    expect(await seriesOf(metrics)).to.include(
      'overseer_changes_total{namespace="shop",name="web",result="Succeeded"} 0',
    );
  });
});

describe("The series of a GitRepository", () => {
  const conditions = [condition("Ready", "True", "Fetched")];

  it("say when it was last up to date, and how often it is polled", async () => {
    const { metrics } = observed();
    const clock = new FakeClock();
    const observer = repositoryObserver(metrics, clock);
    observer.state(repository("shop/repo"), { conditions });
    observer.polled(repository("shop/repo", { spec: { interval: "2m" } }));
    expect(await seriesOf(metrics, "repo")).to.have.members([
      'overseer_resource_info{kind="GitRepository",namespace="shop",name="repo",ready="True",reason="Fetched",suspended="false"} 1',
      `overseer_git_last_success_timestamp_seconds{namespace="shop",name="repo"} ${Math.floor(clock.now() / 1000)}`,
      'overseer_git_interval_seconds{namespace="shop",name="repo"} 120',
    ]);
  });

  it("are gone with it, and say nothing of staleness while it is suspended", async () => {
    const { metrics } = observed();
    const observer = repositoryObserver(metrics, new FakeClock());
    observer.polled(repository("shop/repo"));
    observer.state(repository("shop/repo", { spec: { suspend: true } }), { conditions });
    expect(await seriesOf(metrics, "repo")).to.deep.equal([
      'overseer_resource_info{kind="GitRepository",namespace="shop",name="repo",ready="True",reason="Fetched",suspended="true"} 1',
    ]);
    observer.polled(repository("shop/repo"));
    observer.forgotten("shop", "repo");
    expect(await seriesOf(metrics, "repo")).to.deep.equal([]);
  });

  it("say when a Change last succeeded, and how many objects are healthy", async () => {
    const metrics = createMetrics({ clock: systemClock, version: "v", processMetrics: false });
    const change = (phase: ChangePhase, completionTime: string) => ({
      ...{
        apiVersion: "v",
        kind: "Change",
        metadata: { name: "c", namespace: "shop", uid: "u", resourceVersion: "1", generation: 1 },
        spec: { app: { name: "web" } },
      },
      status: { phase, completionTime },
    });
    const changes = [
      change("Succeeded", AT),
      change("Succeeded", "2025-12-31T00:00:00Z"),
      change("Failed", "2026-02-01T00:00:00Z"),
    ];
    appObserver(metrics, () => changes).state(app("shop/web"), { counts: { objects: 5, healthy: 3 } });
    const series = await seriesOf(metrics);
    expect(series).to.include(`overseer_app_last_success_timestamp_seconds{namespace="shop",name="web"} ${SECONDS}`);
    expect(series).to.include('overseer_app_objects{namespace="shop",name="web",state="healthy"} 3');
    expect(series).to.include('overseer_app_objects{namespace="shop",name="web",state="unhealthy"} 2');
  });

  it("are totals only, if so configured, which no name of an app is in", async () => {
    const metrics = createMetrics({ clock: systemClock, version: "v", processMetrics: false, perApp: false });
    const observer = appObserver(metrics);
    const waits = [condition("Ready", "True", "Synced"), condition("Waiting", "True", "Deletions")];
    observer.state(app("shop/web"), { conditions: waits });
    observer.state(app("shop/api"), {
      conditions: [condition("Ready", "False", "ApplyRefused"), condition("Drifted", "True", "NotHealed")],
    });
    observer.state(app("shop/off", { spec: { suspend: true } }), {});
    observer.changeEnded(NAME, ended("Failed", 1));
    observer.syncFailed(NAME, "ApplyRefused");
    observer.forgotten("shop", "off");
    const { body } = await metrics.renderMetrics();
    expect(body).not.to.include("shop");
    for (const line of [
      'overseer_apps{state="ready"} 1',
      'overseer_apps{state="not_ready"} 1',
      'overseer_apps{state="suspended"} 0',
      "overseer_apps_drifted 1",
      'overseer_changes_waiting{gate="Deletions"} 1',
      `overseer_changes_waiting_oldest_timestamp_seconds{gate="Deletions"} ${SECONDS}`,
      'overseer_changes_total{namespace="",name="",result="Failed"} 1',
      'overseer_sync_failures_total{namespace="",name="",reason="ApplyRefused"} 1',
    ])
      expect(body.split("\n")).to.include(line);
  });

  it("escape what a label may contain", async () => {
    const metrics = createMetrics({ clock: systemClock, version: "v", processMetrics: false });
    metrics.lines.collected({ name: "odd", help: "h\\ \n", labels: ["text"] }, () => [[{ text: 'a"b\\c\nd' }, 1]]);
    const { body } = await metrics.renderMetrics();
    expect(body).to.include('odd{text="a\\"b\\\\c\\nd"} 1');
    expect(body).to.include("# HELP odd h\\\\ \\n\n");
  });

  it("measure lead time, planned actions and waits of Changes", async () => {
    const { metrics, observer } = observed();
    const actions = { created: 2, updated: 0, deleted: 1 };
    observer.changeEnded(NAME, { phase: "Succeeded", seconds: 3, leadSeconds: 70, actions });
    observer.gateOpened("approvals", 120);
    observer.decided("Approve");
    const { body } = await metrics.renderMetrics();
    for (const line of [
      'overseer_change_lead_time_seconds_bucket{le="60"} 0',
      'overseer_change_lead_time_seconds_bucket{le="300"} 1',
      'overseer_change_wait_seconds_sum{gate="approvals"} 120',
      'overseer_plan_actions_sum{verb="create"} 2',
      'overseer_approvals_total{decision="Approve"} 1',
      'overseer_approvals_total{decision="Reject"} 0',
    ])
      expect(body.split("\n")).to.include(line);
  });
});
