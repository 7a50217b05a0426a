import { readFileSync } from "node:fs";
import { expect } from "chai";
import type { RawObject } from "../../src/kube/object.js";
import { condition, configMap, World } from "../support/world.js";

const pod = readFileSync(new URL("../../../test/cases/flow-closing-bracket/pod.yaml", import.meta.url), "utf8");

const DEFINITION = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: figures.content.example.com }
spec:
  group: content.example.com
  names: { kind: Figure, plural: figures }
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { value: { type: integer, format: int64 }, list: { type: array, items: { type: integer, format: int64 } } } } } } }
`;
const FIGURE = (n: string): string =>
  `apiVersion: content.example.com/v1\nkind: Figure\nmetadata: { name: f }\nspec: { value: ${n}, list: [-9223372036854775808, 9223372036854775807] }\n`;

describe("What a source holds", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("content");
  });
  after(() => world?.remove());

  it("is read as kubectl reads it where lines of flow collections stand far to the left", async () => {
    await world.repository("flow", { "pod.yaml": pod });
    await world.app("flow", "flow", ".");
    await world.untilCondition("flow", "Synced", "True");
    const live = await world.kube.get<RawObject & { spec: { containers: { args: string[] }[] } }>(
      world.object("v1", "Pod", "p"),
    );
    expect(live?.spec.containers[0]?.args).to.deep.equal(["--a", "--b"]);
  });

  it("keeps all digits of whole numbers", async () => {
    const repo = await world.repository("digits", { "d.yaml": DEFINITION, "f.yaml": FIGURE("9007199254740993") });
    await world.app("digits", "digits", ".");
    await world.synced("digits");
    /** The answer as text: JavaScript would read it rounded. */
    const raw = async (): Promise<string> => {
      const path = `/apis/content.example.com/v1/namespaces/${world.namespace}/figures/f`;
      let text = "";
      for await (const chunk of await world.kube.client.stream({ method: "GET", path })) text += chunk.toString("utf8");
      return text;
    };
    expect(await raw())
      .to.contain('"value":9007199254740993')
      .and.contain('"list":[-9223372036854775808,9223372036854775807]');
    const next = await repo.commit({ "f.yaml": FIGURE("9007199254740992") }, "one less");
    await world.poll("digits");
    await world.synced("digits", next);
    expect(await raw()).to.contain('"value":9007199254740992');
  });

  for (const [what, files, spec, said] of [
    ["a README alone", { "README.md": "# x" }, {}, "ends in .yaml, .yml or .json; there is README.md"],
    ["only jsonnet", { "web.jsonnet": "{}", "params.libsonnet": "{}" }, {}, "there is params.libsonnet, web.jsonnet"],
    ["files of comments", { "a.yaml": "# later\n---\n" }, {}, "hold no document; there is a.yaml"],
    [
      "a pattern that meets nothing",
      { "a.yaml": configMap("nothing", {}) },
      { include: ["*.yamll"] },
      "is left by source.include and source.exclude; there is a.yaml",
    ],
  ] as const) {
    it(`is an error when it is nothing, before the first sync, too: ${what}`, async () => {
      const name = what.toLowerCase().replaceAll(" ", "-");
      await world.repository(name, files);
      await world.app(name, name, ".", { source: { repositoryRef: { name }, path: ".", ...spec } });
      const app = await world.untilCondition(name, "Ready", "False", "NoDocuments");
      expect(condition(app, "Ready")?.message).to.contain(said).and.contain("sync.allowEmpty");
      expect(condition(app, "Synced")?.status).to.equal("False");
      expect(await world.changes(name)).to.deep.equal([]);
      await world.kube.patch(world.appRef(name), { spec: { sync: { allowEmpty: true } } });
      await world.synced(name);
    });
  }

  it("is no error while objects move to another app, and then is", async () => {
    const repo = await world.repository("moving", {
      "a/x.yaml": configMap("moving", {}),
      "b/y.yaml": configMap("stays", {}),
    });
    await world.app("move-a", "moving", "a");
    await world.app("move-b", "moving", "b");
    await world.synced("move-a");
    await world.synced("move-b");
    const { uid } = (await world.kube.get(world.configMap("moving")))?.metadata ?? {};
    await repo.commit({ "a/x.yaml": null, "a/README.md": "moved", "b/x.yaml": configMap("moving", {}) }, "move");
    await world.poll("moving");
    const app = await world.untilCondition("move-a", "Ready", "False", "NoDocuments");
    expect(condition(app, "Ready")?.message).to.contain("there is README.md");
    await world.synced("move-b", await repo.head());
    expect((await world.kube.get(world.configMap("moving")))?.metadata.uid).to.equal(uid);
  });
});
