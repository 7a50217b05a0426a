import { expect } from "chai";
import { API_VERSION, GROUP } from "../../src/api/group.js";
import { RESOURCES } from "../../src/api/resources.js";
import { waitUntil } from "../../tools/wait-until.js";
import { installDefinitions } from "../support/definitions.js";
import type { TestObject } from "../support/kube.js";
import { configMap, World } from "../support/world.js";

/** Specs that no schema of ours accepts: none, empty, of wrong types, with values that cannot be parsed. */
const SPECS: readonly unknown[] = [
  undefined,
  {},
  "text",
  { source: "text", destination: [], sync: 7, health: null, interval: "soon", url: 7, ref: "x", generators: {} },
  { source: {}, destination: {}, interval: "P1Y", url: "http://[", provider: 1, gates: 1, app: 3, planHash: {} },
];

const NAMESPACED = RESOURCES.filter(({ scope }) => scope === "Namespaced");

describe("A resource that its schema would refuse", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("invalid", { withoutOperator: true });
  });
  after(async () => {
    if (world === undefined) return;
    for (const { kind } of NAMESPACED)
      for (const { metadata } of await world.kube.list(API_VERSION, kind, world.namespace))
        if (metadata.name.startsWith("bad-")) await world.kube.delete({ apiVersion: API_VERSION, kind, ...metadata });
    await world.remove();
  });

  /** Lets the API server accept everything, as a definition of another version could. */
  const loosen = async (plural: string): Promise<void> => {
    const name = `${plural}.${GROUP}`;
    const ref = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name };
    const definition = (await world.kube.get(ref)) as unknown as { spec: { versions: Record<string, unknown>[] } };
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    await world.kube.patch(ref, {
      spec: { versions: definition.spec.versions.map((version) => ({ ...version, schema, selectableFields: null })) },
    });
  };

  it("harms no other: these are synced, also after a restart", async () => {
    for (const { plural } of NAMESPACED) await loosen(plural);
    // The API server may still serve the schema of before for a moment.
    for (const { kind } of NAMESPACED)
      for (const [at, spec] of SPECS.entries())
        await waitUntil({ what: `${kind} with the specification ${at}`, timeoutMs: 60_000 }, () =>
          world.kube.apply({
            apiVersion: API_VERSION,
            kind,
            metadata: { name: `bad-${at}`, namespace: world.namespace },
            ...(spec === undefined ? {} : { spec }),
          } as TestObject),
        );
    await installDefinitions(world.kube);
    await world.startOperator();
    const repo = await world.repository("good", { "a.yaml": configMap("good", { v: "1" }) });
    await world.app("good", "good", ".");
    await world.synced("good");
    await world.operator.stop();
    await world.operator.start();
    const commit = await repo.commit({ "a.yaml": configMap("good", { v: "2" }) }, "second");
    await world.poll("good");
    await world.synced("good", commit);
    expect((await world.kube.get(world.configMap("good")))?.data).to.deep.equal({ v: "2" });
  });
});
