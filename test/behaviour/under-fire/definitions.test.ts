import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy } from "../../support/api-proxy.js";
import type { GitRepo } from "../../support/git-server.js";
import type { TestRef } from "../../support/kube.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { type LiveApp, World } from "../../support/world.js";

const DEFINITIONS = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };

describe("A kind whose definition goes away", function () {
  this.timeout(180_000);
  let world: World;
  let proxy: ApiProxy;
  let repo: GitRepo;
  let group: string;
  /** A writer who takes a field again and again is backed off: so each time it is another one. */
  let changes = 0;
  before(async () => {
    world = await World.create("kinds", { withoutOperator: true });
    proxy = await ApiProxy.start(world.controlPlane);
    await world.startOperator({ kubeconfigPath: await proxy.kubeconfig() });
    group = `${world.namespace}.example.com`;
    await define(["v1"], "Namespaced");
    repo = await world.repository("web", { "w.yaml": widget("v1", 1) });
    await world.app("web", "web", ".", { sync: { retry: { base: "200ms", max: "1s" } } });
    await world.synced("web");
  });
  after(async () => {
    await world?.kube.delete({ ...DEFINITIONS, name: `widgets.${group}` });
    await world?.remove();
    await proxy?.stop();
  });

  const widget = (version: string, size: number): string =>
    `apiVersion: ${group}/${version}\nkind: Widget\nmetadata:\n  name: w\nspec:\n  size: ${size}\n  at${version}: here\n`;

  /** Serves these versions; the last one is how objects are stored. */
  async function define(versions: readonly string[], scope: "Namespaced" | "Cluster", gone = ""): Promise<void> {
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    await world.kube.apply({
      ...DEFINITIONS,
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope,
        names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
        versions: [
          ...(gone === "" ? [] : [{ name: gone, served: false, storage: false, schema }]),
          ...versions.map((name) => ({ name, served: true, storage: name === versions.at(-1), schema })),
        ],
      },
    });
  }

  async function undefine(): Promise<void> {
    await world.kube.delete({ ...DEFINITIONS, name: `widgets.${group}` });
    await world.kube.untilGone({ ...DEFINITIONS, name: `widgets.${group}` });
  }

  async function commit(version: string, size: number): Promise<void> {
    await repo.commit({ "w.yaml": widget(version, size) }, `${version} ${size}`);
    await world.poll("web");
    await world.synced("web", await repo.head());
  }

  const size = ({ spec }: RawObject): unknown => (spec as { size?: number } | undefined)?.size;
  const ofWidgets = ({ path }: { path: string }): boolean =>
    path.startsWith(`/apis/${group}/`) && path.endsWith("/widgets");
  const live = (version: string) => world.object(`${group}/${version}`, "Widget", "w");

  /** Somebody changes the object, and it is put back: so it is seen. */
  async function heals(ref: TestRef, to: number): Promise<void> {
    await world.kube.patch(ref, { spec: { size: 99 } }, { manager: `somebody-${++changes}` });
    await world.kube.until(ref, "is healed", (object) => size(object) === to);
  }

  /** Waits until the app says that something is amiss with its Widget. */
  const untilMissed = (): Promise<LiveApp> =>
    world.kube.until<LiveApp>(world.appRef("web"), "says so", (app) =>
      JSON.stringify(app.status?.conditions).includes("Widget"),
    );

  it("and comes back: what Git says is made again", async () => {
    await undefine();
    await untilMissed();
    await define(["v1"], "Namespaced");
    await world.kube.until(live("v1"), "is made again", (object) => size(object) === 1);
    await world.synced("web");
    await heals(live("v1"), 1);
    await expectCalmLog(world.operator);
  });

  it("and comes back at another version: its objects are seen there", async () => {
    await undefine();
    await untilMissed();
    await define(["v2"], "Namespaced");
    await commit("v2", 2);
    await heals(live("v2"), 2);
    await expectCalmLog(world.operator);
  });

  it("or is served at another version: its objects stay, are seen there, and follow Git", async () => {
    const before = await world.kube.get(live("v2"));
    await define(["v3"], "Namespaced", "v2");
    await waitUntil({ what: "they are watched at v3", timeoutMs: 30_000 }, () =>
      [...proxy.watches].some(({ path }) => path === `/apis/${group}/v3/widgets`),
    );
    expect([...proxy.watches].filter(({ path }) => path.startsWith(`/apis/${group}/v2/`))).to.have.length(0);
    await commit("v3", 3);
    await heals(live("v3"), 3);
    const after = await world.kube.get(live("v3"));
    expect(after?.metadata.uid, "it is the same object").to.equal(before?.metadata.uid);
    expect(after?.spec, "what left Git has left the object").to.deep.equal({ size: 3, atv3: "here" });
    await expectCalmLog(world.operator);
  });

  it("and comes back with another scope: what Git says is made there", async () => {
    await undefine();
    await untilMissed();
    await define(["v3"], "Cluster");
    const ref = { apiVersion: `${group}/v3`, kind: "Widget", name: "w" };
    await world.kube.until(ref, "is made again", (object) => size(object) === 3);
    await world.synced("web");
    await heals(ref, 3);
    await expectCalmLog(world.operator);
  });

  it("and stays away: it is asked for no more", async () => {
    await undefine();
    await untilMissed();
    proxy.requests.length = 0;
    for (const watch of proxy.watches) if (ofWidgets(watch)) watch.end();
    await waitUntil({ what: "it is found to be gone", timeoutMs: 30_000 }, async () =>
      (await world.operator.log()).includes('"version":"gone"'),
    );
    await world.poke("web");
    expect(proxy.count(ofWidgets), "it was asked for once more").to.be.at.most(1);
    expect([...proxy.watches].filter(ofWidgets)).to.have.length(0);
    await expectCalmLog(world.operator);
  });
});
