import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { renderFlags } from "../../support/render-flags.js";
import { condition, configMap, deployment, World } from "../../support/world.js";

/** The patches of the documentation. */
const [EXAMPLE] = yamlExamples<{ spec: { source: { patches: readonly object[] } } }>("docs/sources/patches.md");
const PATCHES = EXAMPLE?.spec.source.patches ?? [];

describe("Patches of a source", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("patches", { operator: { flags: await renderFlags() } });
  });
  after(() => world?.remove());

  const app = (name: string, path: string, patches: readonly object[]) =>
    world.app(name, "shop", path, { source: { repositoryRef: { name: "shop" }, path, patches } });

  it("change plain manifests and charts as a Change of their own, also when drift is reverted", async () => {
    await world.repository("shop", {
      "app/web.yaml": deployment("web"),
      "app/settings.yaml": configMap("settings", { mode: "test", keep: "1" }),
      "chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
      "chart/templates/cm.yaml": configMap("{{ .Release.Name }}-chart", { mode: "test" }),
    });
    await app("shop", "app", []);
    await world.synced("shop");
    await app("shop", "app", PATCHES);
    await world.synced("shop");
    const live = await world.kube.get<RawObject & { spec: { replicas: number } }>(
      world.object("apps/v1", "Deployment", "web"),
    );
    expect(live?.spec.replicas).to.equal(2);
    expect(live?.metadata.annotations?.team).to.equal("shop");
    expect((await world.kube.get(world.configMap("settings")))?.data).to.deep.equal({ mode: "production", keep: "1" });
    expect(await world.changes("shop")).to.have.lengthOf(2);

    await world.kube.patch(world.configMap("settings"), { data: { mode: "test" } });
    await world.kube.until(
      world.configMap("settings"),
      "is restored",
      (object) => (object.data as Record<string, string>).mode === "production",
    );

    const target = { kind: "ConfigMap" };
    await app("charted", "chart", [{ target, patch: "- { op: replace, path: /data/mode, value: patched }" }]);
    await world.synced("charted");
    expect((await world.kube.get(world.configMap("charted-chart")))?.data).to.deep.equal({ mode: "patched" });
  });

  it("keep the objects while one is invalid, and note one that selects nothing", async () => {
    await app("shop", "app", [
      ...PATCHES,
      { target: { kind: "Deployment" }, patch: "- { op: remove, path: /spec/nope/x }" },
    ]);
    const failed = await world.untilCondition("shop", "Ready", "False", "RenderFailed");
    expect(condition(failed, "Ready")?.message).to.match(/source\.patches\[2\]: remove operation does not apply/);
    expect((await world.kube.get(world.configMap("settings")))?.data).to.deep.include({ mode: "production" });

    await app("shop", "app", [
      ...PATCHES,
      { target: { kind: "StatefulSet" }, patch: "- { op: remove, path: /spec/x }" },
    ]);
    const noted = await world.synced("shop");
    expect(noted.status?.notes?.map(({ message }) => message)).to.deep.equal([
      "source.patches[2] changes nothing: no document matches its target (kind StatefulSet)",
    ]);
  });
});
