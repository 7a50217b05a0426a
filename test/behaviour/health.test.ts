import { readFileSync } from "node:fs";
import { expect } from "chai";
import { systemClock } from "../../src/base/clock.js";
import { isDecided } from "../../src/destinations/kubernetes/health/rules.js";
import { Discovery } from "../../src/kube/discovery.js";
import { isBuiltinGroup } from "../../src/manifest/builtin-groups.js";
import type { KubeObject } from "../../src/manifest/document.js";
import { parseManifests } from "../../src/manifest/yaml/parse.js";
import { condition, configMap, deployment, World } from "../support/world.js";

const CASES = (id: string): URL => new URL(`../../../test/cases/${id}/`, import.meta.url);
const SERVICE = (name: string, type = "ClusterIP"): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { type: ${type}, selector: { app: ${name} }, ports: [{ port: 80 }] }\n`;
const INGRESS = (name: string): string =>
  `apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: ${name} }\nspec: { rules: [{ host: ${name}.example.com, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: ${name}, port: { number: 80 } } } }] } }] }\n`;
const JOB = (name: string): string =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: { name: ${name} }\nspec: { template: { spec: { restartPolicy: Never, containers: [{ name: run, image: registry.example/run:1 }] } } }\n`;

describe("Health", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("health");
  });
  after(() => world?.remove());

  it("of workload, Service and Ingress makes an app ready; an Ingress needs no controller", async () => {
    await world.repository("web", {
      "d.yaml": deployment("web", 2),
      "s.yaml": SERVICE("web"),
      "i.yaml": INGRESS("web"),
      "j.yaml": JOB("web"),
    });
    await world.app("web", "web", ".");
    const app = await world.synced("web");
    expect(app.status?.counts).to.deep.equal({ objects: 4, healthy: 4 });
    const live = await world.kube.get(world.object("apps/v1", "Deployment", "web"));
    expect(live?.status).to.include({ availableReplicas: 2 });
  });

  it("is decided for every kind of Kubernetes that can stand in Git", async () => {
    const kinds = await new Discovery(world.kube.client, systemClock).all();
    const inGit = kinds.filter(
      ({ group, verbs }) =>
        isBuiltinGroup(group) && ["list", "watch", "patch", "delete"].every((verb) => verbs.has(verb)),
    );
    expect(inGit.length).to.be.greaterThan(40);
    expect(inGit.filter((kind) => !isDecided(kind)).map(({ group, kind }) => `${group}/${kind}`)).to.deep.equal([]);
  });

  it("that is not known yet keeps the app Unknown and the Change Verifying", async () => {
    await world.repository("lb", { "s.yaml": SERVICE("lb", "LoadBalancer"), "x.yaml": configMap("lb", {}) });
    await world.app("lb", "lb", ".");
    const app = await world.untilCondition("lb", "Ready", "Unknown", "Progressing");
    expect(condition(app, "Reconciling")?.message).to.contain(
      `Service ${world.namespace}/lb is waiting for a load balancer address`,
    );
    expect(condition(app, "Synced")?.status).to.equal("True");
    expect(app.status?.problems?.[0]?.object).to.equal(`Service ${world.namespace}/lb`);
    expect((await world.changes("lb"))[0]?.status?.phase).to.equal("Verifying");
    await world.kube.patch(
      world.object("v1", "Service", "lb"),
      { status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } },
      { subresource: "status" },
    );
    await world.synced("lb");
    expect((await world.changes("lb"))[0]?.status?.phase).to.equal("Succeeded");
  });

  it("that is not reached in time fails the Change, and does not delay a newer commit", async () => {
    const repo = await world.repository("late", { "s.yaml": SERVICE("late", "LoadBalancer") });
    await world.app("late", "late", ".", { health: { timeout: "1s" } });
    const app = await world.untilCondition("late", "Ready", "False", "HealthTimeout");
    expect(condition(app, "Ready")?.message).to.contain(`Service ${world.namespace}/late`);
    expect(condition(app, "Healthy")).to.include({ status: "False", reason: "HealthTimeout" });
    expect(app.status?.health).to.equal("Degraded");
    const [change] = await world.changes("late");
    expect(change?.status?.phase).to.equal("Failed");
    expect(change?.status?.message).to.contain("not healthy after 1s");
    await world.kube.patch(world.appRef("late"), { spec: { health: { timeout: "1h" } } });
    await repo.commit({ "s.yaml": SERVICE("late", "LoadBalancer"), "x.yaml": configMap("late", {}) }, "still waiting");
    await world.poll("late");
    await world.untilCondition("late", "Ready", "Unknown", "Progressing");
    const good = await repo.commit({ "s.yaml": SERVICE("late") }, "no load balancer");
    await world.poll("late");
    await world.synced("late", good);
    const phases = (await world.changes("late")).map((one) => one.status?.phase);
    expect(phases).to.deep.equal(["Failed", "Superseded", "Succeeded"]);
  });

  it("follows the expressions of the app as soon as they change, without a write", async () => {
    await world.repository("cel", { "s.yaml": SERVICE("cel", "LoadBalancer") });
    await world.app("cel", "cel", ".");
    await world.untilCondition("cel", "Ready", "Unknown", "Progressing");
    const before = (await world.kube.get(world.object("v1", "Service", "cel")))?.metadata?.resourceVersion;
    const judgeBy = (expressions: Record<string, string>) =>
      world.kube.patch(world.appRef("cel"), {
        spec: { health: { expressions: [{ apiVersion: "v1", kind: "Service", ...expressions }] } },
      });
    await judgeBy({ current: "spec.type == 'LoadBalancer' && metadata.name == 'cel'" });
    await world.synced("cel");
    await judgeBy({ failed: "size(spec.ports) == 1", current: "true" });
    const failed = await world.untilCondition("cel", "Ready", "False", "Degraded");
    expect(condition(failed, "Ready")?.message).to.contain("health.expressions[0].failed is true");
    await judgeBy({ current: "spec.type ==" });
    const stalled = await world.untilCondition("cel", "Stalled", "True", "InvalidExpression");
    expect(condition(stalled, "Stalled")?.message).to.contain(
      "spec.health.expressions[0].current at character 13: Unexpected token",
    );
    await world.kube.patch(world.appRef("cel"), { spec: { health: { expressions: null } } });
    await world.untilCondition("cel", "Ready", "Unknown", "Progressing");
    const after = (await world.kube.get(world.object("v1", "Service", "cel")))?.metadata?.resourceVersion;
    expect(after).to.equal(before);
  });

  it("of a Job that failed is told at once", async () => {
    const job = JOB("fails").replace("spec: { template", "spec: { backoffLimit: 0, activeDeadlineSeconds: 1, template");
    await world.repository("fails", {
      "j.yaml": job.replace("restartPolicy: Never", "restartPolicy: Never, nodeSelector: { nowhere: 'true' }"),
    });
    await world.app("fails", "fails", ".");
    const app = await world.untilCondition("fails", "Ready", "False", "Degraded");
    expect(condition(app, "Healthy")?.message)
      .to.contain(`Job ${world.namespace}/fails`)
      .and.contain("DeadlineExceeded");
    const [change] = await world.changes("fails");
    expect(change?.status?.phase, "nobody waits for health.timeout").to.equal("Failed");
    expect(change?.status?.message).to.contain(`Job ${world.namespace}/fails`);
  });

  it("is not that of the generation before, where conditions say which one they are about", async () => {
    const files = readFileSync(new URL("definition-and-object.yaml", CASES("condition-generation")), "utf8");
    const repo = await world.repository("generation", { "g.yaml": files });
    await world.app("generation", "generation", ".");
    await world.synced("generation");
    const gizmo = world.object("bugs.example.com/v1", "Gizmo", "g");
    const tell = (conditions: readonly object[]) =>
      world.kube.patch(gizmo, { status: { conditions } }, { subresource: "status" });
    await tell([{ type: "Ready", status: "True", observedGeneration: 1 }]);
    const next = await repo.commit({ "g.yaml": files.replace("size: 1", "size: 2") }, "size");
    await world.poll("generation");
    const app = await world.untilCondition("generation", "Ready", "Unknown", "Progressing");
    expect(condition(app, "Ready")?.message).to.contain("has a condition Ready of an older generation");
    expect((await world.changes("generation")).at(-1)?.status?.phase).to.equal("Verifying");
    await tell([{ type: "Ready", status: "False", reason: "CreateFailed", message: "no disk", observedGeneration: 2 }]);
    const broken = await world.untilCondition("generation", "Ready", "False", "Degraded");
    expect(condition(broken, "Healthy")?.message).to.contain("CreateFailed: no disk");
    await tell([{ type: "Ready", status: "True", observedGeneration: 2 }]);
    await world.synced("generation", next);
  });

  it("of an app is no part of its own health, where it stands in its own folder", async () => {
    const text = readFileSync(new URL("app.yaml", CASES("app-of-itself")), "utf8")
      .replaceAll("namespace: gitops", `namespace: ${world.namespace}`)
      .replace("name: fleet", "name: itself")
      .replace("path: app-of-itself", "path: .");
    const repo = await world.repository("itself", { "app.yaml": text });
    await world.kube.apply(parseManifests(text, "app.yaml")[0]?.object as KubeObject);
    await world.synced("root");
    const next = await repo.commit({ "app.yaml": text.replace("spec:", "spec:\n  historyLimit: 3") }, "spec");
    await world.poll("itself");
    await world.synced("root", next);
    await world.kube.until(
      world.appRef("root"),
      "has its new spec",
      ({ spec }) => (spec as { historyLimit: number }).historyLimit === 3,
    );
  });

  it("of two apps that hold each other depends on what else they hold", async () => {
    const held = (name: string, path: string): string =>
      `apiVersion: gitops.overseer.io/v1alpha1\nkind: OverseerApp\nmetadata: {name: ${name}}\nspec:\n  source: {repositoryRef: {name: ring}, path: ${path}}\n  destination: {kubernetes: {}}\n`;
    await world.repository("ring", {
      "a/b.yaml": held("ring-b", "b"),
      "b/a.yaml": held("ring-a", "a"),
      "b/s.yaml": SERVICE("ring", "LoadBalancer"),
    });
    await world.app("ring-a", "ring", "a");
    const app = await world.untilCondition("ring-b", "Ready", "Unknown", "Progressing");
    expect(condition(app, "Ready")?.message).to.contain("Service").and.not.contain("OverseerApp");
    await world.synced("ring-a");
    await world.kube.patch(
      world.object("v1", "Service", "ring"),
      { status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } },
      { subresource: "status" },
    );
    await world.synced("ring-b");
  });
});
