import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

const BALANCER = (name: string): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { type: LoadBalancer, selector: { app: ${name} }, ports: [{ port: 80 }] }\n`;

const definition = (group: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.${group} }
spec:
  group: ${group}
  names: { kind: Widget, plural: widgets, singular: widget }
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`;

describe("spec.dependsOn", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("depends-on");
  });
  after(() => world?.remove());

  const waits = (name: string, text: string): Promise<LiveApp> =>
    world.kube.until<LiveApp>(world.appRef(name), `waits: ${text}`, (app) =>
      Boolean(condition(app, "Waiting")?.message.includes(text)),
    );

  it("holds an app until another one is Ready and Healthy, and lets it go on by that event", async () => {
    await world.repository("chain", { "db/s.yaml": BALANCER("db"), "web/c.yaml": configMap("web", { a: "1" }) });
    await world.app("web", "chain", "web", { dependsOn: [{ name: "db" }] });
    await waits("web", "waiting for OverseerApp db, which does not exist");
    await world.app("db", "chain", "db");
    const waiting = await waits("web", "waiting for OverseerApp db, which is not Ready (Progressing)");
    expect(condition(waiting, "Waiting")?.reason).to.equal("Dependencies");
    expect(condition(waiting, "Ready")?.status).to.equal("Unknown");
    const [change] = await world.changes("web");
    expect(change?.status?.phase).to.equal("Waiting");
    const gate = change?.status?.gates?.find(({ name }) => name === "dependencies");
    expect(gate).to.include({ state: "Wait", message: "waiting for OverseerApp db, which is not Ready (Progressing)" });
    expect(gate?.since).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await world.kube.get(world.configMap("web"))).to.equal(undefined);

    const balanced = { status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } };
    await world.kube.patch(world.object("v1", "Service", "db"), balanced, { subresource: "status" });
    await world.synced("web");
    expect(await world.kube.get(world.configMap("web"))).not.to.equal(undefined);
    expect((await world.changes("web")).map(({ status }) => status?.phase)).to.deep.equal(["Succeeded"]);
  });

  it("shows rejections, but does not fail, while another app may create the kind", async () => {
    const group = `${world.namespace}.example.com`;
    const widget = `apiVersion: ${group}/v1\nkind: Widget\nmetadata: { name: one }\n`;
    const repo = await world.repository("kinds", { "uses/w.yaml": widget, "base/c.yaml": configMap("base", {}) });
    await world.app("uses", "kinds", "uses", { dependsOn: [{ name: "base", sameRevision: true }] });
    await waits("uses", "base, which does not exist");
    const [change] = await world.changes("uses");
    expect(change?.status?.phase).to.equal("Waiting");
    expect(change?.status?.refusals?.[0]?.message).to.contain("Widget");
    await repo.commit({ "base/d.yaml": definition(group) }, "definition");
    await world.poll("kinds");
    await world.app("base", "kinds", "base");
    await world.synced("uses");
    expect(await world.kube.get(world.object(`${group}/v1`, "Widget", "one"))).not.to.equal(undefined);
    expect(await world.changes("uses")).to.have.length(1);
    await world.kube.delete({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      name: `widgets.${group}`,
    });
  });

  it("with sameRevision waits until the other app has applied the commit, whether or not it changes that app", async () => {
    const many = Object.fromEntries(
      ["a", "b", "c", "d", "e"].map((name) => [`first/${name}.yaml`, configMap(`first-${name}`, {})]),
    );
    const repo = await world.repository("pair", { ...many, "second/c.yaml": configMap("second", { at: "1" }) });
    await world.app("first", "pair", "first");
    await world.app("second", "pair", "second", { dependsOn: [{ name: "first", sameRevision: true }] });
    await world.synced("second");
    // A commit that does not change the first app.
    const unrelated = await repo.commit({ "second/c.yaml": configMap("second", { at: "2" }) }, "second only");
    await world.poll("pair");
    await world.synced("second", unrelated);
    // A commit whose deletions the first app does not carry out without approval: it stays Ready at the old one.
    const gone = Object.fromEntries(
      Object.keys(many)
        .slice(0, 4)
        .map((path) => [path, null]),
    );
    const held = await repo.commit({ ...gone, "second/c.yaml": configMap("second", { at: "3" }) }, "both");
    await world.poll("pair");
    await world.untilCondition("first", "Waiting", "True", "Deletions");
    await waits("second", "and not yet the same revision");
    expect((await world.kube.get(world.configMap("second")))?.data).to.deep.equal({ at: "2" });
    await world.kube.patch(world.appRef("first"), { spec: { sync: { pruneBudget: 10 } } });
    await world.synced("second", held);
    expect((await world.kube.get(world.configMap("second")))?.data).to.deep.equal({ at: "3" });
  });

  it("names a cycle, and goes on when it is broken", async () => {
    await world.repository("ring", { "l/c.yaml": configMap("left", {}), "r/c.yaml": configMap("right", {}) });
    await world.app("left", "ring", "l", { dependsOn: [{ name: "right" }] });
    await world.app("right", "ring", "r", { dependsOn: [{ name: "left" }] });
    const { namespace } = world;
    await waits("right", `a cycle: ${namespace}/right → ${namespace}/left → ${namespace}/right: remove one of these`);
    await world.kube.patch(world.appRef("left"), { spec: { dependsOn: null } });
    await world.synced("left");
    await world.synced("right");
  });

  it("reaches an app of another namespace only if that app allows it, and goes on when it does", async () => {
    const other = `${world.namespace}-other`;
    await world.kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: other } });
    const theirs = { apiVersion: API_VERSION, kind: "OverseerApp", namespace: other, name: "theirs" };
    try {
      await world.repository("shared", { "c.yaml": configMap("mine", {}) }, { allowedNamespaces: [other] });
      await world.kube.apply({
        ...{ apiVersion: API_VERSION, kind: "OverseerApp", metadata: { name: "theirs", namespace: other } },
        spec: {
          source: { repositoryRef: { name: "shared", namespace: world.namespace } },
          destination: { kubernetes: {} },
          serviceAccountName: "nobody",
        },
      });
      await world.app("mine", "shared", ".", { dependsOn: [{ name: "theirs", namespace: other }] });
      await waits("mine", `does not exist or does not list namespace ${world.namespace} in spec.allowedNamespaces`);
      await world.kube.patch(theirs, { spec: { allowedNamespaces: [world.namespace] } });
      await waits("mine", `OverseerApp ${other}/theirs, which is not Ready`);
    } finally {
      await world.kube.patch(theirs, { metadata: { finalizers: null } });
      await world.kube.delete(theirs);
      await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: other });
    }
    await waits("mine", "does not exist or does not list namespace");
  });
});
