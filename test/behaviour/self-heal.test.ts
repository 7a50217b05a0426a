import { expect } from "chai";
import { condition, configMap, deployment, World } from "../support/world.js";

describe("Drift", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("heal");
  });
  after(() => world?.remove());

  it("is put back at once, named with its writer, and counted", async () => {
    const repo = await world.repository("web", {
      "x.yaml": configMap("web", { colour: "blue" }),
      "d.yaml": deployment("web", 2),
    });
    await world.app("web", "web", ".");
    await world.synced("web", await repo.head());
    const before = await world.operator.metric("overseer_drift_healed_total");
    await world.kube.patch(world.configMap("web"), { data: { colour: "red" } }, { manager: "kubectl-edit" });
    await world.kube.until(
      world.configMap("web"),
      "is blue again",
      (object) => (object.data as Record<string, string>).colour === "blue",
    );
    const events = await eventually(
      () => world.events("web"),
      (list) => list.some((event) => event.startsWith("DriftHealed: ")),
    );
    expect(events).to.include(`DriftHealed: ConfigMap ${world.namespace}/web restored (kubectl-edit: .data.colour)`);
    await eventually(
      () => world.operator.metric("overseer_drift_healed_total"),
      (healed) => healed === before + 1,
    );
    expect(await world.changes("web"), "healing makes no Change").to.have.length(1);
    await world.synced("web");
  });

  it("made by scaling is put back", async () => {
    await world.kube.patch(
      world.object("apps/v1", "Deployment", "web"),
      { spec: { replicas: 5 } },
      { manager: "kubectl", subresource: "scale" },
    );
    await world.kube.until(
      world.object("apps/v1", "Deployment", "web"),
      "has 2 replicas",
      (object) => (object.spec as { replicas: number }).replicas === 2,
    );
    await world.synced("web");
  });

  it("by deletion is made good: the object is made again", async () => {
    const before = await world.kube.get(world.configMap("web"));
    await world.kube.delete(world.configMap("web"));
    await world.kube.until(
      world.configMap("web"),
      "is there again",
      (object) => object.metadata.uid !== before?.metadata.uid,
    );
    await world.synced("web");
    expect(await world.changes("web")).to.have.length(1);
  });

  it("by removing our label is made good", async () => {
    await world.kube.patch(world.configMap("web"), { metadata: { labels: { "gitops.overseer.io/app": null } } });
    await world.kube.until(
      world.configMap("web"),
      "has its label",
      (object) => object.metadata.labels?.["gitops.overseer.io/app"] === "web",
    );
    await world.synced("web");
  });

  it("leaves alone what other controllers add", async () => {
    const added = { data: { extra: "mine" }, metadata: { annotations: { note: "mine" } } };
    await world.kube.patch(world.configMap("web"), added, { manager: "some-operator" });
    await world.kube.patch(world.configMap("web"), { data: { colour: "red" } });
    const healed = await world.kube.until(
      world.configMap("web"),
      "is blue again",
      (object) => (object.data as Record<string, string>).colour === "blue",
    );
    expect(healed.data).to.deep.equal({ colour: "blue", extra: "mine" });
    expect(healed.metadata.annotations?.note).to.equal("mine");
  });

  it("is healed to the last good inputs while a newer commit is refused", async () => {
    const repo = await world.repository("late", { "x.yaml": configMap("late", { v: "1" }) });
    await world.app("late", "late", ".");
    const good = await world.synced("late", await repo.head());
    await repo.commit(
      {
        "x.yaml": configMap("late", { v: "2" }),
        "bad.yaml": "apiVersion: v1\nkind: Service\nmetadata:\n  name: bad\nspec:\n  ports: [{ port: 700000 }]\n",
      },
      "bad",
    );
    await world.poll("late");
    await world.untilCondition("late", "Ready", "False", "ApplyRefused");
    await world.kube.patch(world.configMap("late"), { data: { v: "hacked" } });
    await world.kube.until(
      world.configMap("late"),
      "is 1 again",
      (object) => (object.data as Record<string, string>).v === "1",
    );
    const app = await world.untilCondition("late", "Ready", "False", "ApplyRefused");
    expect(app.status?.applied?.commit).to.equal(good.status?.applied?.commit);
  });

  it("is only reported where selfHeal is off", async () => {
    await world.repository("report", { "x.yaml": configMap("report", { v: "1" }) });
    await world.app("report", "report", ".", { sync: { selfHeal: false } });
    await world.synced("report");
    await world.kube.patch(world.configMap("report"), { data: { v: "changed" } }, { manager: "kubectl-edit" });
    const app = await world.untilCondition("report", "Drifted", "True");
    expect(condition(app, "Drifted")?.message).to.contain(
      `ConfigMap ${world.namespace}/report: kubectl-edit: .data.v; approve Change report-`,
    );
    expect(condition(app, "Synced")?.status).to.equal("False");
    expect(condition(app, "Ready")?.status).to.equal("True");
    expect((await world.kube.get(world.configMap("report")))?.data).to.deep.equal({ v: "changed" });
    await world.kube.patch(world.configMap("report"), { data: { other: "unrelated" } });
    await world.kube.patch(world.appRef("report"), { spec: { sync: { selfHeal: true } } });
    await world.kube.until(
      world.configMap("report"),
      "is 1 again",
      (object) => (object.data as Record<string, string>).v === "1",
    );
    const healed = await world.synced("report");
    expect(condition(healed, "Drifted")).to.equal(undefined);
  });

  it("that nobody's field shows is verified before it is reported: a foreign key is none", async () => {
    await world.repository("quiet", { "x.yaml": configMap("quiet", { v: "1" }) });
    await world.app("quiet", "quiet", ".", { sync: { selfHeal: false } });
    await world.synced("quiet");
    await world.kube.patch(world.configMap("quiet"), { data: { other: "mine" } }, { manager: "some-operator" });
    await world.kube.patch(world.configMap("quiet"), { data: { v: "2" } }, { manager: "bob" });
    const app = await world.untilCondition("quiet", "Drifted", "True");
    expect(condition(app, "Drifted")?.message).to.contain("bob: .data.v").and.not.contain(".data.other");
  });
});

async function eventually<T>(read: () => Promise<T>, test: (value: T) => boolean): Promise<T> {
  const { waitUntil } = await import("../../tools/wait-until.js");
  return waitUntil({ what: "the value", timeoutMs: 60_000 }, async () => {
    const value = await read();
    return test(value) ? value : undefined;
  });
}
