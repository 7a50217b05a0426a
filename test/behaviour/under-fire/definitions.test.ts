import type { RawObject } from "../../../src/kube/object.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { type LiveApp, World } from "../../support/world.js";

const DEFINITIONS = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };

describe("A kind whose definition goes away", function () {
  this.timeout(90_000);
  let world: World;
  let group: string;
  before(async () => {
    world = await World.create("kinds");
    group = `${world.namespace}.example.com`;
    await define("v1", "Namespaced");
    await world.repository("web", { "w.yaml": widget("v1", 1) });
    await world.app("web", "web", ".", { sync: { retry: { base: "200ms", max: "1s" } } });
    await world.synced("web");
  });
  after(async () => {
    await world?.kube.delete({ ...DEFINITIONS, name: `widgets.${group}` });
    await world?.remove();
  });

  const widget = (version: string, size: number): string =>
    `apiVersion: ${group}/${version}\nkind: Widget\nmetadata:\n  name: w\nspec:\n  size: ${size}\n`;

  async function define(version: string, scope: "Namespaced" | "Cluster"): Promise<void> {
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    await world.kube.apply({
      ...DEFINITIONS,
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope,
        names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
        versions: [{ name: version, served: true, storage: true, schema }],
      },
    });
  }

  async function undefine(): Promise<void> {
    await world.kube.delete({ ...DEFINITIONS, name: `widgets.${group}` });
    await world.kube.untilGone({ ...DEFINITIONS, name: `widgets.${group}` });
  }

  const size = ({ spec }: RawObject): unknown => (spec as { size?: number } | undefined)?.size;

  it("and comes back: what Git says is made again", async () => {
    await undefine();
    await world.kube.until<LiveApp>(world.appRef("web"), "says so", (app) =>
      JSON.stringify(app.status?.conditions).includes("Widget"),
    );
    await define("v1", "Namespaced");
    await world.kube.until(world.object(`${group}/v1`, "Widget", "w"), "is made again", (object) => size(object) === 1);
    await world.synced("web");
    await expectCalmLog(world.operator);
  });
});
