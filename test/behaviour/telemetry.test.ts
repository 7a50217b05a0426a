import { expect } from "chai";
import { configMap, World } from "../support/world.js";

/** Series that dashboards rely on: they must have moved after one sync, one heal and one prune. */
const SERIES = [
  'controller_reconcile_total{controller="overseerapp",result="success"}',
  'controller_reconcile_time_seconds_count{controller="overseerapp"}',
  'workqueue_adds_total{name="overseerapp"}',
  'workqueue_queue_duration_seconds_count{name="gitrepository"}',
  'rest_client_requests_total{code="200",method="PATCH"}',
  'rest_client_request_duration_seconds_count{method="PATCH"}',
  'overseer_reflector_watches_total{kind="/ConfigMap"}',
  'overseer_git_polls_total{result="success"}',
  'overseer_git_fetches_total{result="success"}',
  'overseer_syncs_total{result="succeeded"}',
  'overseer_apply_total{verb="create",result="success"}',
  "overseer_drift_detected_total",
  "overseer_drift_healed_total",
  "overseer_heal_duration_seconds_count",
  "overseer_pruned_total",
];

describe("What the operator tells", function () {
  this.timeout(60_000);
  let world: World;
  let metrics: string;
  before(async () => {
    world = await World.create("tell");
    const repo = await world.repository("tell", {
      "x.yaml": configMap("tell", { v: "1" }),
      "y.yaml": configMap("tell-y", {}),
    });
    await world.app("tell", "tell", ".");
    await world.synced("tell");
    await world.kube.patch(world.configMap("tell"), { data: { v: "2" } });
    await world.kube.until(
      world.configMap("tell"),
      "is healed",
      (object) => (object.data as Record<string, string>).v === "1",
    );
    await repo.commit({ "y.yaml": null }, "remove y");
    await world.poll("tell");
    await world.kube.untilGone(world.configMap("tell-y"));
    await world.synced("tell", await repo.head());
    const { waitUntil } = await import("../../tools/wait-until.js");
    metrics = await waitUntil({ what: "the metrics are fresh", timeoutMs: 10_000 }, async () => {
      const text = await (await fetch(`${await world.operator.address()}/metrics`)).text();
      return /^overseer_pruned_total 1$/m.test(text) && /^overseer_drift_healed_total 1$/m.test(text)
        ? text
        : undefined;
    });
  });
  after(() => world?.remove());

  for (const series of SERIES) {
    it(`counts ${series}`, () => {
      const line = metrics.split("\n").find((text) => text.startsWith(`${series} `));
      expect(Number(line?.slice(series.length + 1)), line).to.be.greaterThan(0);
    });
  }

  it("says of each resource whether it is ready, in one series", () => {
    const lines = metrics.split("\n").filter((line) => line.startsWith("overseer_resource_info{"));
    const own = lines.filter((line) => line.includes(`namespace="${world.namespace}"`));
    expect(own).to.have.members([
      `overseer_resource_info{kind="GitRepository",namespace="${world.namespace}",name="tell",ready="True",suspended="false"} 1`,
      `overseer_resource_info{kind="OverseerApp",namespace="${world.namespace}",name="tell",ready="True",suspended="false"} 1`,
    ]);
  });

  it("answers probes", async () => {
    const address = await world.operator.address();
    for (const path of ["/healthz", "/readyz", "/version"])
      expect((await fetch(`${address}${path}`)).status, path).to.equal(200);
    expect((await fetch(`${address}/other`)).status).to.equal(404);
  });

  it("logs one JSON object a line, each of a reconcile with its id", async () => {
    const lines = (await world.operator.log())
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(
      lines.every(
        (line) => typeof line.ts === "string" && typeof line.level === "string" && typeof line.msg === "string",
      ),
    ).to.equal(true);
    const healed = lines.find((line) => line.msg === "drift healed");
    expect(healed).to.include({ controller: "overseerapp", key: `${world.namespace}/tell` });
    expect(healed?.reconcileId).to.match(/^[0-9a-f]{8}$/);
  });
});
