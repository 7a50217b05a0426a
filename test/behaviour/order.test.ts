import { expect } from "chai";
import { configMap, deployment, World } from "../support/world.js";

describe("One commit with everything in it", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("order");
  });
  after(() => world?.remove());

  it("makes a namespace before what lives in it", async () => {
    const namespace = `${world.namespace}-inner`;
    await world.repository("ns", {
      "a.yaml": deployment("web").replace("name: web\n", `name: web\n  namespace: ${namespace}\n`),
      "b.yaml": configMap("settings", { v: "1" }, `  namespace: ${namespace}\n`),
      "z.yaml": `apiVersion: v1\nkind: Namespace\nmetadata: { name: ${namespace} }\n`,
    });
    await world.app("ns", "ns", ".");
    const app = await world.synced("ns");
    expect(app.status?.counts?.objects).to.equal(3);
    const [change] = await world.changes("ns");
    expect(change?.status?.summary).to.equal("+3 ~0 -0");
    expect(change?.status?.plan?.every((action) => action.result === "Done")).to.equal(true);
    await world.kube.delete({ apiVersion: "v1", kind: "Namespace", name: namespace });
  });

  it("makes a definition before the objects of its kind, as soon as it is served", async () => {
    await world.repository("crd", {
      "a.yaml": "apiVersion: order.example.org/v1\nkind: Widget\nmetadata: { name: first }\nspec: { size: 1 }\n",
      "z.yaml": `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.order.example.org }
spec:
  group: order.example.org
  scope: Namespaced
  names: { kind: Widget, plural: widgets }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { size: { type: integer } } } } } }
`,
    });
    await world.app("crd", "crd", ".", { deletionPolicy: "DeleteAll" });
    await world.synced("crd");
    expect((await world.kube.get(world.object("order.example.org/v1", "Widget", "first")))?.spec).to.deep.equal({
      size: 1,
    });
    expect(await world.changes("crd")).to.have.length(1);
    await world.kube.delete(world.appRef("crd"));
    await world.kube.untilGone(world.appRef("crd"));
  });
});

describe("Writes", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("writes");
  });
  after(() => world?.remove());

  const versions = async (app: string): Promise<Record<string, string>> => {
    const objects = await world.kube.list("v1", "ConfigMap", world.namespace, `gitops.overseer.io/app=${app}`);
    return Object.fromEntries(objects.map((object) => [object.metadata.name, object.metadata.resourceVersion]));
  };

  it("go to the one object that differs and to no other", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`${index}.yaml`, configMap(`one-${index}`, { v: "1" })]),
    );
    const repo = await world.repository("one", files);
    await world.app("one", "one", ".");
    await world.synced("one");
    const before = await versions("one");
    const second = await repo.commit({ "7.yaml": configMap("one-7", { v: "2" }) }, "one of twenty");
    await world.poll("one");
    await world.synced("one", second);
    const after = await versions("one");
    expect(Object.keys(after).filter((name) => after[name] !== before[name])).to.deep.equal(["one-7"]);
  });

  it("are none when nothing changed, even after a restart", async () => {
    await world.repository("calm", {
      "x.yaml": configMap("calm", { v: "1" }),
      "d.yaml": deployment("calm").replace("cpu: 100m", "cpu: '0.10', memory: 1024Mi"),
      "n.yaml":
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: calm }\nspec: { podSelector: {}, policyTypes: [Ingress], ingress: [] }\n",
    });
    await world.app("calm", "calm", ".");
    await world.synced("calm");
    const all = async (): Promise<string[]> => [
      ...Object.values(await versions("calm")),
      (await world.kube.get(world.object("networking.k8s.io/v1", "NetworkPolicy", "calm")))?.metadata.resourceVersion ??
        "",
      String((await world.kube.get(world.object("apps/v1", "Deployment", "calm")))?.metadata.generation),
    ];
    const before = await all();
    for (let count = 0; count < 3; count++) await world.poke("calm");
    expect(await all()).to.deep.equal(before);
    await world.operator.stop();
    await world.operator.start();
    await world.poke("calm");
    expect(await all()).to.deep.equal(before);
    expect(await world.changes("calm")).to.have.length(1);
    expect((await world.told("calm", "Synced")).filter((event) => event.startsWith("Synced"))).to.have.length(1);
  });
});
