import { expect } from "chai";
import { condition, configMap, deployment, World } from "../support/world.js";

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

  it("that is not there yet keeps the app Unknown and Reconciling, and the Change Verifying, without holding up others", async () => {
    await world.repository("lb", { "s.yaml": SERVICE("lb", "LoadBalancer"), "x.yaml": configMap("lb", {}) });
    await world.app("lb", "lb", ".");
    const app = await world.untilCondition("lb", "Ready", "Unknown", "Progressing");
    expect(condition(app, "Reconciling")?.message).to.contain(
      `Service ${world.namespace}/lb waits for the address of its load balancer`,
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

  it("that does not come in time fails the Change and says which object; a newer commit does not wait for that", async () => {
    const repo = await world.repository("late", { "s.yaml": SERVICE("late", "LoadBalancer") });
    await world.app("late", "late", ".", { health: { timeout: "1s" } });
    const app = await world.untilCondition("late", "Ready", "False", "HealthTimeout");
    expect(condition(app, "Ready")?.message).to.contain(`Service ${world.namespace}/late`);
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
});
