import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { condition, configMap, deployment, World } from "../../support/world.js";

/** The example of the documentation. */
const [EXAMPLE] = yamlExamples<{ spec: { source: { commonMetadata: object } } }>("docs/sources/common-metadata.md");

describe("source.commonMetadata", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("common");
  });
  after(() => world?.remove());

  const source = (commonMetadata?: unknown) => ({ repositoryRef: { name: "shop" }, path: ".", commonMetadata });

  it("sets labels and annotations of every document, over those in Git, and removes them again", async () => {
    await world.repository("shop", {
      "x.yaml": configMap("x", { a: "1" }, "  labels: { team: other, own: kept }\n"),
      "d.yaml": deployment("d", 0),
    });
    await world.app("shop", "shop", ".", { source: source(EXAMPLE?.spec.source.commonMetadata) });
    await world.synced("shop");
    const read = async (): Promise<RawObject[]> =>
      Promise.all(
        [world.configMap("x"), world.object("apps/v1", "Deployment", "d")].map(
          async (ref) => (await world.kube.get(ref)) as RawObject,
        ),
      );
    const [map, web] = await read();
    expect(map?.metadata.labels).to.include({ team: "payments", own: "kept" });
    expect(web?.metadata.labels).to.include({ team: "payments" });
    expect(web?.metadata.annotations).to.include({ "example.com/contact": "payments@example.com" });
    expect(JSON.stringify((web as unknown as { spec: { template: object } }).spec.template)).not.to.include("payments");
    await world.kube.patch(world.appRef("shop"), { spec: { source: { commonMetadata: null } } });
    await world.kube.until(world.configMap("x"), "is as in Git", ({ metadata }) => metadata.labels?.team === "other");
    await world.synced("shop");
    const [, bare] = await read();
    expect(bare?.metadata.labels).not.to.have.property("team");
    expect((await world.changes("shop")).map(({ status }) => status?.phase)).to.deep.equal(["Succeeded", "Succeeded"]);
  });

  for (const [field, key, value, message] of [
    ["labels", "a b", "x", 'source.commonMetadata.labels: "a b" is not a valid key'],
    [
      "labels",
      "team",
      "x y",
      'source.commonMetadata.labels: "team" has the value "x y", which is not valid for a label',
    ],
    ["annotations", "gitops.overseer.io/prune", "disabled", '"gitops.overseer.io/prune" is reserved'],
  ] as const)
    it(`names the fault of ${field}: ${key}=${value}`, async () => {
      await world.kube.patch(world.appRef("shop"), {
        spec: { source: { commonMetadata: { [field]: { [key]: value } } } },
      });
      const app = await world.kube.until(
        world.appRef("shop"),
        "is refused",
        (object) => condition(object as never, "Ready")?.message.includes(message) === true,
        20_000,
      );
      expect(condition(app as never, "Stalled")?.status).to.equal("True");
      await world.kube.patch(world.appRef("shop"), { spec: { source: { commonMetadata: null } } });
      await world.synced("shop");
    });
});
