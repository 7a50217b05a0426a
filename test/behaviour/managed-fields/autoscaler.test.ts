import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { InProcessOperator, quickClock } from "../../support/in-process-operator.js";
import type { TestRef } from "../../support/kube.js";
import { MetricsApi } from "../../support/metrics-api.js";
import { condition, deployment, type LiveApp, World } from "../../support/world.js";
import { RecordingProxy } from "./recording-proxy.js";

/** The rests of a fight, minutes in all, take some seconds. */
const FASTER = 8;
/** One pod serves so much, in MiB. */
const TARGET = 100;

const autoscaler = (name: string): string => `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: ${name} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} }
  minReplicas: 1
  maxReplicas: 5
  metrics:
    - { type: Resource, resource: { name: memory, target: { type: AverageValue, averageValue: ${TARGET}Mi } } }
  behavior:
    scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: Pods, value: 10, periodSeconds: 1 }] }
    scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: Pods, value: 10, periodSeconds: 1 }] }
`;
const web = (name: string, replicas?: number): string =>
  replicas === undefined ? deployment(name).replace("  replicas: 1\n", "") : deployment(name, replicas);
const replicasOf = (object: RawObject): number => (object.spec as { replicas: number }).replicas;

describe("A real autoscaler", function () {
  this.timeout(180_000);
  let world: World;
  let proxy: RecordingProxy;
  let metrics: MetricsApi;
  let operator: InProcessOperator;
  before(async () => {
    world = await World.create("hpa", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    metrics = await MetricsApi.start(world.controlPlane, world.kube, world.namespace);
    operator = await InProcessOperator.start({
      kubeconfigPath: proxy.kubeconfigPath,
      trustedNamespaces: [world.namespace],
      clock: quickClock(FASTER),
    });
  });
  after(async () => {
    await operator?.stop();
    await metrics?.stop();
    await world?.remove();
    await proxy?.stop();
  });

  const ref = (name: string): TestRef => world.object("apps/v1", "Deployment", name);
  const writes = (name: string): number =>
    proxy.writes(`/apis/apps/v1/namespaces/${world.namespace}/deployments/${name}`, 0).length;
  const scaledTo = (name: string, replicas: number): Promise<RawObject> =>
    world.kube.until(ref(name), `has ${replicas} replicas`, (object) => replicasOf(object) === replicas, 60_000);

  it("scales an app that leaves replicas out of Git up and down, and we write nothing", async () => {
    metrics.setLoad(world.namespace, TARGET);
    const repo = await world.repository("free", { "x.yaml": web("free"), "hpa.yaml": autoscaler("free") });
    await world.app("free", "free", ".");
    await world.synced("free", await repo.head(), 60_000);
    const sent = writes("free");
    metrics.setLoad(world.namespace, 3 * TARGET);
    await scaledTo("free", 3);
    await world.synced("free");
    metrics.setLoad(world.namespace, TARGET);
    await scaledTo("free", 1);
    metrics.setLoad(world.namespace, 4 * TARGET);
    await scaledTo("free", 4);
    const app = await world.synced("free");
    await world.poke("free");
    expect(writes("free")).to.equal(sent);
    expect(condition(app, "Contested")).to.equal(undefined);
  });

  it("keeps its replicas when they leave Git, and when another field changes in Git", async () => {
    metrics.setLoad(world.namespace, TARGET);
    const repo = await world.repository("leaves", { "x.yaml": web("leaves", 1) });
    await world.app("leaves", "leaves", ".");
    await world.synced("leaves", await repo.head(), 60_000);
    await repo.commit({ "x.yaml": web("leaves"), "hpa.yaml": autoscaler("leaves") }, "an autoscaler decides");
    await world.poll("leaves");
    await world.synced("leaves", await repo.head(), 60_000);
    metrics.setLoad(world.namespace, 3 * TARGET);
    await scaledTo("leaves", 3);
    await repo.commit({ "x.yaml": web("leaves").replace("web:1", "web:2") }, "another image");
    await world.poll("leaves");
    await world.synced("leaves", await repo.head(), 60_000);
    expect(replicasOf((await world.kube.get(ref("leaves"))) as RawObject)).to.equal(3);
  });

  /** Whoever annotates the object ends the fight: nothing is put back, and nobody is called a rival. */
  const pauseFight = async (): Promise<void> => {
    const annotate = (value: string | null): Promise<unknown> =>
      world.kube.patch(ref("fought"), { metadata: { annotations: { "gitops.overseer.io/reconcile": value } } });
    await annotate("disabled");
    const paused = await world.kube.until<LiveApp>(
      world.appRef("fought"),
      "is Paused and not Contested",
      (live) => condition(live, "Paused") !== undefined && condition(live, "Contested") === undefined,
    );
    expect(condition(paused, "Drifted")).to.equal(undefined);
    const sent = writes("fought");
    await scaledTo("fought", 3);
    await world.poke("fought");
    expect(writes("fought")).to.equal(sent);
    await annotate(null);
  };

  it("that fights with replicas in Git is named, and gets them when they leave Git", async () => {
    metrics.setLoad(world.namespace, 3 * TARGET);
    const repo = await world.repository("fought", { "x.yaml": web("fought", 1), "hpa.yaml": autoscaler("fought") });
    await world.app("fought", "fought", ".");
    const app = await world.untilCondition("fought", "Contested", "True", undefined, 120_000);
    expect(condition(app, "Contested")?.message).to.match(
      /^Deployment hpa-\w+\/fought: changed again after each of 5 restores \(kube-controller-manager \(by \/scale\): \.spec\.replicas\): remove spec\.replicas from Git and let the autoscaler set it$/,
    );
    expect(condition(app, "Ready")?.reason).to.equal("Contested");
    // Once to make it, five times to put it back.
    expect(writes("fought")).to.be.within(6, 8);
    await pauseFight();
    await repo.commit({ "x.yaml": web("fought") }, "the autoscaler decides");
    await world.poll("fought");
    await world.synced("fought", await repo.head(), 60_000);
    await world.kube.until<LiveApp>(
      world.appRef("fought"),
      "is at peace",
      (live) => condition(live, "Contested") === undefined && condition(live, "Ready")?.status === "True",
      60_000,
    );
    await scaledTo("fought", 3);
    const sent = writes("fought");
    metrics.setLoad(world.namespace, TARGET);
    await scaledTo("fought", 1);
    await world.synced("fought");
    expect(writes("fought")).to.equal(sent);
    const told = await waitUntil({ what: "it is told", timeoutMs: 60_000 }, async () =>
      (await world.events("fought")).find((event) => event.startsWith("Contested: ")),
    );
    expect(told).to.include("is changed again after each restore (kube-controller-manager (by /scale)");
  });
});
