import { expect } from "chai";
import type { Clock } from "../../../src/base/clock.js";
import { systemClock } from "../../../src/base/clock.js";
import { createMetrics, type Metrics } from "../../../src/telemetry/metrics.js";
import {
  controllerObserver,
  queueObserver,
  reflectorObserver,
  requestObserver,
} from "../../../src/telemetry/observers.js";

/** Metrics whose scrapes are never cached, unless the test stops the clock. */
function metricsOf(): Metrics {
  let time = 0;
  const clock: Clock = { ...systemClock, monotonic: () => (time += 10_000) };
  return createMetrics({ clock, version: "1.2.3", processMetrics: false });
}

async function linesOf(metrics: Metrics, prefix: string): Promise<string[]> {
  const { body } = await metrics.renderMetrics();
  return body.split("\n").filter((line) => line.startsWith(prefix));
}

describe("createMetrics", () => {
  it("says which version runs", async () => {
    expect(await linesOf(metricsOf(), "overseer_build_info")).to.deep.equal(['overseer_build_info{version="1.2.3"} 1']);
  });

  it("shows counters without labels from the start, so that a rate has where to begin", async () => {
    expect(await linesOf(metricsOf(), "overseer_drift_healed_total")).to.deep.equal(["overseer_drift_healed_total 0"]);
  });

  it("counts by label, and gives the same series for the same labels", async () => {
    const metrics = metricsOf();
    const { total } = metrics.webhooks;
    total.of({ provider: "github", result: "ok" }).inc();
    total.of({ provider: "github", result: "ok" }).inc(2);
    total.of({ provider: "gitlab", result: "ok" }).inc();
    expect(total.of({ provider: "github", result: "ok" })).to.equal(total.of({ provider: "github", result: "ok" }));
    expect(await linesOf(metrics, "overseer_webhooks_total")).to.deep.equal([
      'overseer_webhooks_total{provider="github",result="ok"} 3',
      'overseer_webhooks_total{provider="gitlab",result="ok"} 1',
    ]);
  });

  it("measures healing from 5 ms up", async () => {
    const metrics = metricsOf();
    metrics.drift.healSeconds.observe(0.004);
    const [first] = await linesOf(metrics, "overseer_heal_duration_seconds_bucket");
    expect(first).to.equal('overseer_heal_duration_seconds_bucket{le="0.005"} 1');
  });

  it("shares nothing with other metrics in the process", async () => {
    const [a, b] = [metricsOf(), metricsOf()];
    a.prune.pruned.inc(5);
    expect(await linesOf(b, "overseer_pruned_total")).to.deep.equal(["overseer_pruned_total 0"]);
  });

  it("includes the series of parts with their shard, and describes each metric once", async () => {
    const metrics = metricsOf();
    const parts = ["a", "b"].map((shard) =>
      createMetrics({ clock: systemClock, version: "1.2.3", processMetrics: false, shard }),
    );
    metrics.include(() => parts);
    parts[0]?.webhooks.total.of({ provider: "github", result: "ok" }).inc(2);
    const app = {
      kind: "GitRepository",
      namespace: "n",
      name: 'x"',
      ready: "True",
      reason: "R",
      suspended: false,
    } as const;
    parts[1]?.resources.set(app);
    expect(await linesOf(metrics, "overseer_webhooks_total")).to.deep.equal([
      'overseer_webhooks_total{provider="github",result="ok",shard="a"} 2',
    ]);
    const [shown] = await linesOf(metrics, "overseer_resource_info");
    expect(shown).to.match(/^overseer_resource_info\{.*name="x\\"".*,shard="b"\} 1$/);
    const { body } = await metrics.renderMetrics();
    const named = [...body.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    expect(new Set(named).size).to.equal(named.length);
    expect(body.match(/^# HELP overseer_pruned_total /gm)).to.have.length(1);
    expect((await linesOf(metrics, "overseer_pruned_total")).sort()).to.deep.equal([
      "overseer_pruned_total 0",
      'overseer_pruned_total{shard="a"} 0',
      'overseer_pruned_total{shard="b"} 0',
    ]);
    parts.pop();
    metrics.include(() => []);
    expect((await metrics.renderText()).includes('shard="b"')).to.equal(false);
  });

  it("renders once a second, however many scrape", async () => {
    let time = 0;
    const metrics = createMetrics({
      clock: { ...systemClock, monotonic: () => time },
      version: "v",
      processMetrics: false,
    });
    let asked = 0;
    metrics.onScrape(() => asked++);
    const first = await metrics.renderMetrics();
    metrics.prune.pruned.inc();
    time = 999;
    expect(await metrics.renderMetrics()).to.equal(first);
    time = 1000;
    expect((await metrics.renderMetrics()).body).to.include("overseer_pruned_total 1");
    expect(asked).to.equal(2);
  });

  it("asks for what is only known at the scrape", async () => {
    const metrics = metricsOf();
    metrics.onScrape(() => metrics.queue.longestRunningSeconds.of({ name: "app" }).set(7));
    expect(await linesOf(metrics, "workqueue_longest_running_processor_seconds{")).to.deep.equal([
      'workqueue_longest_running_processor_seconds{name="app"} 7',
    ]);
  });

  it("has the series about the process that dashboards for Node expect", async () => {
    const metrics = createMetrics({ clock: systemClock, version: "v" });
    const { body, contentType } = await metrics.renderMetrics();
    const names = [
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "process_start_time_seconds",
      "process_open_fds",
      "nodejs_heap_size_used_bytes",
      "nodejs_eventloop_lag_seconds",
      "nodejs_eventloop_utilization",
      "nodejs_version_info",
    ];
    for (const name of names) expect(body, name).to.match(new RegExp(`^${name}(\\{.*\\})? [0-9.e+-]+$`, "m"));
    expect(contentType).to.match(/^text\/plain/);
  });

  it("has a help text and a good name for each metric", async () => {
    const { body } = await createMetrics({ clock: systemClock, version: "v" }).renderMetrics();
    const types = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    expect(types.length).to.be.greaterThan(40);
    for (const [, name = "", type] of types) {
      expect(body, name).to.match(new RegExp(`^# HELP ${name} [A-Z].*[.]$`, "m"));
      expect(name, name).to.match(/^[a-z_]+$/);
      if (type === "counter") expect(name, name).to.match(/_total$/);
      if (type === "histogram") expect(name, name).to.match(/_(seconds|actions)$/);
    }
  });
});

describe("overseer_resource_info", () => {
  const web = { kind: "OverseerApp", namespace: "shop", name: "web" };

  it("has one series per resource, also when its state changes", async () => {
    const metrics = metricsOf();
    metrics.resources.set({ ...web, ready: "False", reason: "R", suspended: false });
    metrics.resources.set({ ...web, ready: "True", reason: "R", suspended: false });
    metrics.resources.set({ ...web, ready: "True", reason: "R", suspended: false });
    metrics.resources.set({ ...web, name: "db", ready: "Unknown", reason: "R", suspended: true });
    expect(await linesOf(metrics, "overseer_resource_info")).to.deep.equal([
      'overseer_resource_info{kind="OverseerApp",namespace="shop",name="web",ready="True",reason="R",suspended="false"} 1',
      'overseer_resource_info{kind="OverseerApp",namespace="shop",name="db",ready="Unknown",reason="R",suspended="true"} 1',
    ]);
  });

  it("has none of a resource that is gone", async () => {
    const metrics = metricsOf();
    metrics.resources.set({ ...web, ready: "True", reason: "R", suspended: false });
    metrics.resources.forget(web);
    metrics.resources.forget(web);
    expect(await linesOf(metrics, "overseer_resource_info")).to.deep.equal([]);
  });
});

describe("observers", () => {
  it("count requests, with those that got no answer", async () => {
    const metrics = metricsOf();
    const observe = requestObserver(metrics);
    observe("GET", "200", 0.01);
    observe("GET", "error", 30);
    expect(await linesOf(metrics, "rest_client_requests_total{")).to.deep.equal([
      'rest_client_requests_total{code="200",method="GET"} 1',
      'rest_client_requests_total{code="error",method="GET"} 1',
    ]);
    expect(await linesOf(metrics, "rest_client_request_duration_seconds_count")).to.deep.equal([
      'rest_client_request_duration_seconds_count{method="GET"} 2',
    ]);
  });

  it("follow a key through the queue and its reconcile", async () => {
    const metrics = metricsOf();
    const queue = queueObserver(metrics, "app");
    const controller = controllerObserver(metrics, "app");
    queue.added(1);
    queue.taken(0, 0.1);
    controller.started();
    expect(await linesOf(metrics, "controller_active_workers")).to.deep.equal([
      'controller_active_workers{controller="app"} 1',
    ]);
    controller.finished("error", 0.2);
    queue.finished(0.2);
    expect(await linesOf(metrics, "controller_active_workers")).to.deep.equal([
      'controller_active_workers{controller="app"} 0',
    ]);
    expect(await linesOf(metrics, "controller_reconcile_total")).to.deep.equal([
      'controller_reconcile_total{controller="app",result="success"} 0',
      'controller_reconcile_total{controller="app",result="requeue_after"} 0',
      'controller_reconcile_total{controller="app",result="error"} 1',
    ]);
    expect(await linesOf(metrics, "workqueue_retries_total")).to.deep.equal(['workqueue_retries_total{name="app"} 1']);
    expect(await linesOf(metrics, "workqueue_depth")).to.deep.equal(['workqueue_depth{name="app"} 0']);
    expect(await linesOf(metrics, "workqueue_work_duration_seconds_sum")).to.deep.equal([
      'workqueue_work_duration_seconds_sum{name="app"} 0.2',
    ]);
  });

  it("count lists, watches and restarts of a kind", async () => {
    const metrics = metricsOf();
    const reflector = reflectorObserver(metrics, "ConfigMap");
    reflector.listed();
    reflector.watched();
    reflector.watched();
    reflector.restarted();
    expect(await linesOf(metrics, "overseer_reflector_watches_total")).to.deep.equal([
      'overseer_reflector_watches_total{kind="ConfigMap"} 2',
    ]);
  });
});
