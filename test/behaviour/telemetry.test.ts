import { expect } from "chai";
import { waitUntil } from "../../tools/wait-until.js";
import { condition, configMap, type LiveApp, World } from "../support/world.js";

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
  'overseer_apply_total{verb="create",result="success"}',
  "overseer_drift_detected_total",
  "overseer_drift_healed_total",
  "overseer_heal_duration_seconds_count",
  "overseer_pruned_total",
];

/** What the operator has logged of an app. */
async function linesOf(world: World, app: string): Promise<Record<string, unknown>[]> {
  const lines = (await world.operator.log()).trim().split("\n");
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line.app === `${world.namespace}/${app}`);
}

/** The metrics once they are so; a scrape is kept for a second. */
async function untilMetrics(world: World, are: (body: string) => boolean): Promise<string> {
  return waitUntil({ what: "the metrics are so", timeoutMs: 60_000 }, async () => {
    const body = await (await fetch(`${await world.operator.address()}/metrics`)).text();
    return are(body) ? body : undefined;
  });
}

describe("What the operator tells", function () {
  this.timeout(120_000);
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
    metrics = await untilMetrics(
      world,
      (text) =>
        /^overseer_pruned_total 1$/m.test(text) &&
        /^overseer_drift_healed_total 1$/m.test(text) &&
        // Scrapers within a second share one text, which may be older than the status.
        /^overseer_resource_info\{kind="OverseerApp",.*reason="Synced"/m.test(text),
    );
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
    const of = (kind: string, reason: string): string =>
      `overseer_resource_info{kind="${kind}",namespace="${world.namespace}",name="tell",ready="True",reason="${reason}",suspended="false"} 1`;
    expect(own).to.have.members([of("GitRepository", "Fetched"), of("OverseerApp", "Synced")]);
  });

  it("counts each Change once, by its app", () => {
    const app = `namespace="${world.namespace}",name="tell"`;
    expect(metrics).to.include(`overseer_changes_total{${app},result="Succeeded"} 2\n`);
    expect(metrics).to.include(`overseer_changes_total{${app},result="Failed"} 0\n`);
    expect(metrics).not.to.include(`overseer_sync_failures_total{${app}`);
  });

  it("logs one line for each Change, with what it did", async () => {
    const ended = (await linesOf(world, "tell")).filter(({ msg }) => msg === "change succeeded");
    const [first, second] = await world.changes("tell");
    expect(ended).to.have.length(2);
    const app = `${world.namespace}/tell`;
    const what = { level: "info", app, result: "Succeeded", cause: "Revision", attempts: 1 };
    const revisionOf = (change: typeof first) => change?.spec.inputs?.revision;
    const [made, removed] = [
      { created: 2, updated: 0, deleted: 0 },
      { created: 0, updated: 0, deleted: 1 },
    ];
    expect(ended[0]).to.include({ ...what, ...made, change: "tell-1", revision: revisionOf(first) });
    expect(ended[1]).to.include({ ...what, ...removed, change: "tell-2", revision: revisionOf(second) });
    for (const line of ended) expect(line.seconds).to.be.a("number").within(0, 60);
  });

  it("logs a wrong path once, whatever is tried, and the recovery", async () => {
    const lines = async (): Promise<string[]> =>
      (await linesOf(world, "lost"))
        .filter(({ level }) => level !== "debug")
        .map(({ level, msg }) => `${level} ${msg}`);
    await world.app("lost", "tell", "nowhere");
    await world.untilCondition("lost", "Ready", "False", "PathNotFound");
    await world.poke("lost");
    await world.poke("lost");
    expect(await lines()).to.deep.equal(["warn sync failed"]);
    const [line] = (await linesOf(world, "lost")).filter(({ msg }) => msg === "sync failed");
    expect(line).to.include({ stage: "Render", reason: "PathNotFound", retries: false });
    expect(line?.error).to.include("nowhere");
    const app = `namespace="${world.namespace}",name="lost"`;
    await untilMetrics(world, (body) => body.includes(`overseer_sync_failures_total{${app},reason="PathNotFound"} 1`));
    await world.app("lost", "tell", ".", { sync: { adopt: "Never" } });
    await world.untilCondition("lost", "Ready", "False", "ApplyRefused");
    await world.poke("lost");
    await world.poke("lost");
    expect(await lines(), "each distinct failure has one line").to.deep.equal(["warn sync failed", "warn sync failed"]);
  });

  it("names one commit in a message about a path that does not exist, the newest", async () => {
    const repo = await world.repository("moves", { "a/x.yaml": configMap("moves", {}) });
    await world.app("moves", "moves", "b");
    await world.untilCondition("moves", "Ready", "False", "PathNotFound");
    const first = await repo.head();
    await repo.commit({ "c/y.yaml": "# nothing" }, "another folder");
    await world.poll("moves");
    const second = await repo.head();
    const app = await world.kube.until<LiveApp>(world.appRef("moves"), "is at the new commit", (one) =>
      (condition(one, "Ready")?.message ?? "").includes(second.slice(0, 12)),
    );
    const said = condition(app, "Ready")?.message;
    expect(said).to.include(second.slice(0, 12));
    expect(said).not.to.include(first.slice(0, 12));
  });

  it("shows an app that waits at a gate, though it is Ready", async () => {
    const files = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`w${n}.yaml`, configMap(`wait-${n}`, {})]));
    const repo = await world.repository("wait", files);
    await world.app("wait", "wait", ".", { sync: { pruneBudget: 1 } });
    await world.synced("wait", await repo.head());
    await repo.commit({ "w1.yaml": null, "w2.yaml": null, "w3.yaml": null }, "remove three");
    await world.poll("wait");
    await world.untilCondition("wait", "Waiting", "True", "Deletions");
    await world.poke("wait");
    const text = await untilMetrics(world, (body) => body.includes('waiting="Deletions"'));
    const own = text.split("\n").filter((line) => line.includes('name="wait"') && line.startsWith("overseer_app"));
    expect(own.find((line) => line.startsWith("overseer_app_info{"))).to.match(
      /revision="main@sha1:[0-9a-f]{7}",ready="True",reason="\w+",synced="False",health="Healthy",waiting="Deletions",suspended="false"/,
    );
    expect(own.some((line) => line.startsWith("overseer_app_waiting_since_timestamp_seconds{"))).to.equal(true);
    const lines = (await linesOf(world, "wait")).filter(({ msg }) => msg === "change is waiting");
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ phase: "Waiting", deleted: 3 });
  });

  it("forgets a GitRepository and an app that are deleted, at once", async () => {
    const repository = await world.repository("gone", { "g.yaml": configMap("gone", {}) });
    await world.app("gone", "gone", ".");
    await world.synced("gone", await repository.head());
    const own = (body: string): string[] => body.split("\n").filter((line) => line.includes('name="gone"'));
    await untilMetrics(world, (body) => own(body).length > 5);
    await world.kube.delete(world.appRef("gone"));
    await world.kube.untilGone(world.appRef("gone"));
    await world.kube.delete(world.repositoryRef("gone"));
    await world.kube.untilGone(world.repositoryRef("gone"));
    await untilMetrics(world, (body) => own(body).length === 0);
    expect((await linesOf(world, "gone")).filter(({ msg }) => msg === "app deleted")).to.have.length(1);
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
