import { expect } from "chai";
import { fieldManager } from "../../../src/destinations/kubernetes/ownership/identity.js";
import { applyEntry } from "../../../src/kube/fields/managed-fields.js";
import type { RawObject } from "../../../src/kube/object.js";
import type { TestRef } from "../../support/kube.js";
import { condition, type LiveApp, World } from "../../support/world.js";
import { document } from "./documents.js";
import { RecordingProxy } from "./recording-proxy.js";
import { ROWS } from "./rows.js";

type Properties = Record<string, unknown>;
const integer = { type: "integer" };
const list = {
  type: "array",
  items: { type: "object", required: ["name"], properties: { name: { type: "string" }, size: integer } },
};
const keyedList = { ...list, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"] };
const specOf = (object: RawObject | undefined): unknown => object?.spec;

describe("A definition that changes is met by a look at its objects", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: RecordingProxy;
  const kinds: string[] = [];
  before(async () => {
    world = await World.create("versions", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    await world.startOperator({ kubeconfigPath: proxy.kubeconfigPath });
  });
  after(async () => {
    for (const kind of kinds) await world.kube.delete(definitionRef(kind));
    await world?.remove();
    await proxy?.stop();
  });

  const group = (): string => `${world.namespace}.example.com`;
  const pluralOf = (kind: string): string => `${kind.toLowerCase()}s`;
  const definitionRef = (kind: string): TestRef => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    name: `${pluralOf(kind)}.${group()}`,
  });
  const version = (name: string, properties: Properties, storage: boolean, served = true) => ({
    name,
    served,
    storage,
    schema: { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties } } } },
  });
  /** Makes or changes a definition, and waits until the API server serves it so. */
  const define = async (kind: string, versions: readonly ReturnType<typeof version>[]): Promise<void> => {
    if (!kinds.includes(kind)) kinds.push(kind);
    const { apiVersion, name } = definitionRef(kind);
    const spec = { group: group(), scope: "Namespaced", names: { kind, plural: pluralOf(kind) }, versions };
    await world.kube.apply({ apiVersion, kind: "CustomResourceDefinition", metadata: { name }, spec });
    for (const one of versions) if (one.served) await world.kube.resource(`${group()}/${one.name}`, kind);
  };
  const text = (kind: string, at: string, spec: string): string =>
    document(`${group()}/${at}`, kind, "x", `spec: ${spec}`);
  const ref = (kind: string, at: string): TestRef => world.object(`${group()}/${at}`, kind, "x");
  const metadataOf = (name: string) => ({ name, namespace: world.namespace });
  const sync = async (kind: string, at: string, spec: string) => {
    const name = kind.toLowerCase();
    const repo = await world.repository(name, { "x.yaml": text(kind, at, spec) });
    await world.app(name, name, ".");
    await world.synced(name, await repo.head());
    return repo;
  };
  const entryOf = (object: RawObject | undefined, app: string) =>
    object && applyEntry(object.metadata, fieldManager({ namespace: world.namespace, name: app }));
  const isOne = (object: RawObject): boolean => (object.spec as { a?: number }).a === 1;
  const writes = (kind: string, at: string, mark: number) =>
    proxy.writes(`/apis/${group()}/${at}/namespaces/${world.namespace}/${pluralOf(kind)}/x`, mark);

  it(`table E, ${ROWS.E1.text}; ${ROWS.E2.text}`, async () => {
    const properties = { a: integer, b: integer };
    await define("Stored", [version("v1alpha1", properties, true)]);
    await sync("Stored", "v1alpha1", "{ a: 1, b: 2 }");
    const before = await world.kube.get(ref("Stored", "v1alpha1"));
    const mark = proxy.requests.length;
    await define("Stored", [version("v1alpha1", properties, false), version("v1", properties, true)]);
    await world.kube.patch(ref("Stored", "v1"), { metadata: { labels: { foreign: "x" } } }, { manager: "thief" });
    await world.kube.patch(ref("Stored", "v1"), { spec: { a: 9 } }, { manager: "thief" });
    const healed = await world.kube.until(ref("Stored", "v1"), "is put back", isOne);
    const [entry, old] = [entryOf(healed, "stored"), entryOf(before, "stored")];
    expect(entry?.apiVersion, "the version of the document").to.equal(old?.apiVersion);
    expect(entry?.fieldsV1).to.deep.equal(old?.fieldsV1);
    await world.synced("stored");
    const sent = writes("Stored", "v1alpha1", mark).length;
    await world.poke("stored");
    expect(writes("Stored", "v1alpha1", mark), "it does not go on writing").to.have.length(sent);
  });

  it(`table E, ${ROWS.E3.text}`, async () => {
    const properties = { a: integer, b: integer };
    await define("Moved", [version("v1alpha1", properties, false), version("v1", properties, true)]);
    const repo = await sync("Moved", "v1alpha1", "{ a: 1, b: 2 }");
    await repo.commit({ "x.yaml": text("Moved", "v1", "{ a: 1 }") }, "to v1");
    await world.poll("moved");
    await world.synced("moved", await repo.head());
    const moved = await world.kube.get(ref("Moved", "v1"));
    expect(specOf(moved)).to.deep.equal({ a: 1 });
    expect(entryOf(moved, "moved")?.apiVersion).to.equal(`${group()}/v1`);
    const mark = proxy.requests.length;
    await world.poke("moved");
    await world.poke("moved");
    expect(writes("Moved", "v1", mark)).to.deep.equal([]);
    await world.kube.patch(ref("Moved", "v1alpha1"), { spec: { a: 9 } }, { manager: "thief" });
    await world.kube.until(ref("Moved", "v1"), "is put back", isOne);
  });

  it(`table E, ${ROWS.E4.text}`, async () => {
    const properties = { a: integer, b: integer };
    await define("Dropped", [version("v1alpha1", properties, true)]);
    const repo = await sync("Dropped", "v1alpha1", "{ a: 1, b: 2 }");
    await define("Dropped", [version("v1alpha1", properties, false), version("v1", properties, true)]);
    // Any write stores it at v1.
    await world.kube.patch(ref("Dropped", "v1"), { metadata: { labels: { stored: "anew" } } }, { manager: "thief" });
    await world.kube.patch(definitionRef("Dropped"), { status: { storedVersions: ["v1"] } }, { subresource: "status" });
    await define("Dropped", [version("v1", properties, true)]);
    await world.kube.patch(ref("Dropped", "v1"), { metadata: { annotations: { foreign: "x" } } }, { manager: "thief" });
    await repo.commit({ "x.yaml": text("Dropped", "v1", "{ a: 1 }") }, "to v1");
    await world.poll("dropped");
    await world.synced("dropped", await repo.head());
    const live = await world.kube.until(
      ref("Dropped", "v1"),
      "has lost b",
      (object) => !("b" in (object.spec as object)),
    );
    expect(specOf(live)).to.deep.equal({ a: 1 });
  });

  it("the version of our entry is removed and nobody has written since: Git goes on to another one, and what it leaves out vanishes", async () => {
    const properties = { a: integer, b: integer, parts: keyedList };
    const versions = (...all: readonly [string, boolean][]) =>
      all.map(([name, storage]) => version(name, properties, storage));
    await define("Skipped", versions(["v1alpha1", true]));
    const repo = await sync(
      "Skipped",
      "v1alpha1",
      "{ a: 1, b: 2, parts: [{ name: p, size: 1 }, { name: q, size: 1 }] }",
    );
    await define("Skipped", versions(["v1alpha1", false], ["v1beta1", false], ["v1", true]));
    for (const at of ["v1beta1", "v1"]) {
      const labels = { [at]: "seen" };
      await world.kube.patch(ref("Skipped", at), { metadata: { labels } }, { manager: `thief-${at}` });
    }
    await world.operator.stop();
    await world.kube.patch(definitionRef("Skipped"), { status: { storedVersions: ["v1"] } }, { subresource: "status" });
    await define("Skipped", versions(["v1", true]));
    await repo.commit({ "x.yaml": text("Skipped", "v1", "{ a: 3, parts: [{ name: p, size: 2 }] }") }, "to v1");
    await world.operator.start({ kubeconfigPath: proxy.kubeconfigPath });
    const live = await world.kube.until(
      ref("Skipped", "v1"),
      "is at v1",
      ({ spec }) => (spec as { a: number }).a === 3,
    );
    expect(specOf(live)).to.deep.equal({ a: 3, parts: [{ name: "p", size: 2 }] });
    expect(entryOf(live, "skipped")?.apiVersion).to.equal(`${group()}/v1`);
    const others = (live.metadata.managedFields ?? []).filter(({ manager = "" }) => manager.startsWith("thief"));
    expect(others, "others keep what is theirs").to.have.length(2);
    await world.synced("skipped", await repo.head());
    const change = (await world.changes("skipped")).at(-1);
    const paths = change?.status?.plan?.flatMap(({ diff = [] }) => diff.map(({ path }) => path));
    expect(paths, "the plan showed it all").to.include.members([".spec.a", ".spec.b", ".spec.parts[p].size"]);
  });

  for (const [kind, ...adopted] of [
    ["Adopted", "v1alpha1"],
    ["Adoptedtwice", "v1alpha1", "v1beta1"],
  ] as const)
    it(`adopts fields that kubectl left at versions that are no longer served (${adopted.join(", ")}): what Git leaves out vanishes`, async () => {
      const properties = { a: integer, b: integer, c: integer };
      const all = (storage: string, ...served: readonly string[]) =>
        [...adopted, "v1"].map((name) => version(name, properties, name === storage, served.includes(name)));
      await define(kind, all("v1alpha1", ...adopted, "v1"));
      const [first, second] = adopted;
      await world.kube.create({ ...ref(kind, first), metadata: metadataOf("x"), spec: { a: 9, b: 2 } });
      for (const [index, at] of adopted.entries()) {
        const manager = ["kubectl-client-side-apply", "kubectl-last-applied"][index] ?? "";
        await world.kube.patch(ref(kind, at), { spec: index === 0 ? { a: 8, b: 3 } : { c: 4 } }, { manager });
      }
      await define(kind, all("v1", ...adopted, "v1"));
      await world.kube.patch(ref(kind, "v1"), { metadata: { labels: { stored: "anew" } } }, { manager: "thief" });
      await world.kube.patch(definitionRef(kind), { status: { storedVersions: ["v1"] } }, { subresource: "status" });
      await define(kind, [version("v1", properties, true)]);
      await sync(kind, "v1", "{ a: 1 }");
      const live = await world.kube.get(ref(kind, "v1"));
      expect(specOf(live), second).to.deep.equal({ a: 1 });
      expect(entryOf(live, kind.toLowerCase())?.apiVersion).to.equal(`${group()}/v1`);
      await world.kube.patch(ref(kind, "v1"), { spec: { a: 7 } }, { manager: "thief" });
      await world.kube.until(ref(kind, "v1"), "is put back", isOne);
    });

  it(`table A, ${ROWS.A10.text}: the app says so`, async () => {
    await define("Pruned", [version("v1", { a: integer, gone: integer }, true)]);
    await sync("Pruned", "v1", "{ a: 1, gone: 2 }");
    await define("Pruned", [version("v1", { a: integer }, true)]);
    const app = await world.untilCondition("pruned", "Drifted", "True", "NotHealed");
    expect(condition(app, "Drifted")?.message).to.match(/Pruned .*cannot be restored: .*spec\.gone/);
    await define("Pruned", [version("v1", { a: integer, gone: integer }, true)]);
    await world.kube.until(
      ref("Pruned", "v1"),
      "has its field",
      (object) => (object.spec as { gone?: number }).gone === 2,
    );
    await world.kube.until<LiveApp>(
      world.appRef("pruned"),
      "is well",
      (one) => condition(one, "Drifted") === undefined,
    );
  });

  it(`table C, ${ROWS.C19.text}: annotated anew, and then seen item by item`, async () => {
    await define("Listed", [version("v1", { parts: { ...list, "x-kubernetes-list-type": "atomic" } }, true)]);
    await sync("Listed", "v1", "{ parts: [{ name: a, size: 1 }] }");
    const mark = proxy.requests.length;
    await define("Listed", [version("v1", { parts: keyedList }, true)]);
    await world.kube.until(ref("Listed", "v1"), "is ours item by item", (object) =>
      JSON.stringify(entryOf(object, "listed")?.fieldsV1).includes("f:size"),
    );
    await world.synced("listed");
    await world.kube.patch(ref("Listed", "v1"), { spec: { parts: [{ name: "a", size: 9 }] } }, { manager: "thief" });
    await world.kube.until(ref("Listed", "v1"), "is put back", (object) =>
      JSON.stringify(specOf(object)).includes('"size":1'),
    );
    await world.synced("listed");
    expect(writes("Listed", "v1", mark).length, "few writes").to.be.within(2, 6);
  });

  it(`table E, ${ROWS.E17.text}: the value that Git does not set is left alone`, async () => {
    await define("Defaulted", [version("v1", { a: integer, mode: { type: "string", default: "slow" } }, true)]);
    await sync("Defaulted", "v1", "{ a: 1 }");
    await define("Defaulted", [version("v1", { a: integer, mode: { type: "string", default: "fast" } }, true)]);
    await world.kube.patch(ref("Defaulted", "v1"), { spec: { a: 9 } }, { manager: "thief" });
    const live = await world.kube.until(ref("Defaulted", "v1"), "is put back", isOne);
    expect(specOf(live)).to.deep.equal({ a: 1, mode: "slow" });
    await world.synced("defaulted");
  });

  it(`table E, ${ROWS.E18.text}: its objects are made again`, async () => {
    await define("Reborn", [version("v1", { a: integer }, true)]);
    await sync("Reborn", "v1", "{ a: 1 }");
    const before = await world.kube.get(ref("Reborn", "v1"));
    await world.kube.delete(definitionRef("Reborn"));
    await world.kube.untilGone(definitionRef("Reborn"));
    await define("Reborn", [version("v1", { a: integer }, true)]);
    const after = await world.kube.until(ref("Reborn", "v1"), "is made again", isOne, 60_000);
    expect(after.metadata.uid).to.not.equal(before?.metadata.uid);
    await world.synced("reborn", undefined, 60_000);
  });

  it(`table E, ${ROWS.E15.text}: nothing is pruned`, async () => {
    await define("Broken", [version("v1alpha1", { a: integer }, true)]);
    const repo = await sync("Broken", "v1alpha1", "{ a: 1 }");
    const stored = [version("v1", { a: integer }, true)];
    await define("Broken", [version("v1alpha1", { a: integer }, false), ...stored]);
    await world.kube.patch(definitionRef("Broken"), { status: { storedVersions: ["v1"] } }, { subresource: "status" });
    await define("Broken", stored);
    await repo.commit(
      { "x.yaml": null, "y.yaml": document("v1", "ConfigMap", "instead", "data: { a: x }") },
      "it leaves",
    );
    await world.operator.stop();
    await world.operator.start({ kubeconfigPath: proxy.kubeconfigPath });
    await world.kube
      .until(world.configMap("instead"), "is there, or the app says why not", () => true, 5_000)
      .catch(() => {});
    const deletes = proxy.requests.filter(({ method, path }) => method === "DELETE" && path.includes("/brokens/"));
    expect(deletes).to.deep.equal([]);
    await define("Broken", [version("v1alpha1", { a: integer }, false), ...stored]);
    await world.kube.untilGone(ref("Broken", "v1"), 60_000);
  });
});
