import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { objectPath } from "../../../src/kube/resource.js";
import { waitUntil } from "../../../tools/wait-until.js";
import type { TestRef } from "../../support/kube.js";
import { MutatingPolicy, type MutatingPolicyScope } from "../../support/mutating-policy.js";
import { condition, configMap, deployment, type LiveApp, World } from "../../support/world.js";
import { RecordingProxy } from "./recording-proxy.js";

const set = (field: string, value: string): string =>
  `[JSONPatch{op: "add", path: "/data/${field}", value: "${value}"}]`;
const withoutOurLabel =
  'has(object.metadata.labels) && "gitops.overseer.io/app" in object.metadata.labels ? [JSONPatch{op: "remove", path: "/metadata/labels/" + jsonpatch.escapeKey("gitops.overseer.io/app")}] : []';
const dataOf = (object: RawObject | undefined): Record<string, string> =>
  (object?.data ?? {}) as Record<string, string>;
interface Template {
  readonly metadata: { readonly labels: Record<string, string> };
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
}
const templateOf = (object: RawObject | undefined): Template =>
  (object?.spec as { template: Template } | undefined)?.template as Template;

describe("A MutatingAdmissionPolicy that changes what is applied is told once, and not fought", function () {
  this.timeout(120_000);
  let world: World;
  let proxy: RecordingProxy;
  const policies: MutatingPolicy[] = [];
  before(async () => {
    world = await World.create("mutating", { withoutOperator: true });
    proxy = await RecordingProxy.start(world.controlPlane);
    await world.startOperator({ kubeconfigPath: proxy.kubeconfigPath });
  });
  after(async () => {
    await Promise.all(policies.map((policy) => policy.remove()));
    await world?.remove();
    await proxy?.stop();
  });

  const policyOn = (scope: Omit<MutatingPolicyScope, "namespace">): MutatingPolicy => {
    const policy = new MutatingPolicy(world.kube, { ...scope, namespace: world.namespace });
    policies.push(policy);
    return policy;
  };
  const on = (name: string): MutatingPolicy => policyOn({ name, when: `object.metadata.name == "${name}"` });
  const read = (name: string): Promise<RawObject | undefined> => world.kube.get(world.configMap(name));
  const writes = async (ref: TestRef): Promise<number> => {
    const path = objectPath(await world.kube.resource(ref.apiVersion, ref.kind), world.namespace, ref.name);
    return proxy.writes(path, 0).length;
  };
  const synced = async (name: string, text = configMap(name, { a: "one", b: "one" })): Promise<void> => {
    const repo = await world.repository(name, { "x.yaml": text });
    await world.app(name, name, ".");
    await world.synced(name, await repo.head());
  };
  const told = (about: string, what: RegExp): Promise<string> =>
    waitUntil({ what: `an Event about ${about} says ${what}`, timeoutMs: 60_000 }, async () =>
      (await world.events(about)).find((event) => what.test(event)),
    );
  /** Nothing of it changes, however often the app is reconciled; the drift check that a new policy asks for may come in between. */
  const expectQuiet = async (ref: TestRef, app: string): Promise<void> => {
    // The Deployment controller writes the status and its revision annotation at any time: what counts is the spec, by its generation, and the
    // rest of the metadata.
    const state = async (): Promise<unknown> => {
      const { resourceVersion, generation, labels, annotations } = (await world.kube.get(ref))?.metadata ?? {};
      const { "deployment.kubernetes.io/revision": _revision, ...ours } = annotations ?? {};
      return generation === undefined ? resourceVersion : { generation, labels, annotations: ours };
    };
    const sent = await writes(ref);
    const before = await state();
    await world.poke(app);
    await world.poke(app);
    expect((await writes(ref)) - sent, "it is not fought").to.be.at.most(1);
    expect(await state()).to.deep.equal(before);
  };
  const elseThanGit = (name: string, path: string): RegExp =>
    new RegExp(
      `^ApplyWarning: ConfigMap .*${name}: .*changed ${path.replaceAll(".", "\\.")}; the changed value is kept`,
    );

  it("a container and a label that it adds stay; drift beside them is put back", async () => {
    const ref = world.object("apps/v1", "Deployment", "web");
    const sidecar =
      '[JSONPatch{op: "add", path: "/spec/template/metadata/labels/team", value: "core"}] + (object.spec.template.spec.containers.exists(c, c.name == "proxy") ? [] : [JSONPatch{op: "add", path: "/spec/template/spec/containers/-", value: Object.spec.template.spec.containers{name: "proxy", image: "registry.example/proxy:1"}}])';
    await policyOn({ name: "sidecar", apiGroup: "apps", resource: "deployments" }).set(sidecar);
    await synced("web", deployment("web"));
    await expectQuiet(ref, "web");
    const image = [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "registry.example/web:2" }];
    await world.kube.patch(ref, image, { manager: "thief", type: "json" });
    const live = await world.kube.until(
      ref,
      "has its image back",
      (object) => templateOf(object).spec.containers[0]?.image === "registry.example/web:1",
    );
    expect(templateOf(live).spec.containers.map(({ name }) => name)).to.deep.equal(["web", "proxy"]);
    expect(templateOf(live).metadata.labels).to.deep.equal({ app: "web", team: "core" });
    await world.synced("web");
    await expectQuiet(ref, "web");
  });

  it("a value that it changes is kept and noted once, and drift is reverted to it", async () => {
    await on("changed").set(set("a", "mutated"));
    await synced("changed");
    expect(dataOf(await read("changed"))).to.deep.equal({ a: "mutated", b: "one" });
    await told("changed", elseThanGit("changed", ".data.a"));
    await expectQuiet(world.configMap("changed"), "changed");
    await world.kube.patch(world.configMap("changed"), { data: { b: "drift" } }, { manager: "thief" });
    await world.kube.until(world.configMap("changed"), "is put back", (object) => dataOf(object).b === "one");
    expect(dataOf(await read("changed")).a).to.equal("mutated");
    await world.synced("changed");
    await expectQuiet(world.configMap("changed"), "changed");
    const events = (await world.told("changed", "the changed value is kept")).filter((event) =>
      event.includes("the changed value is kept"),
    );
    expect(events).to.have.length(1);
  });

  it("one that comes later is looked at: live is as it lets, told once and not fought", async () => {
    await synced("later");
    await on("later").set(set("a", "mutated"));
    await told("later", elseThanGit("later", ".data.a"));
    expect(dataOf(await read("later"))).to.deep.equal({ a: "mutated", b: "one" });
    await expectQuiet(world.configMap("later"), "later");
    await world.synced("later");
  });

  it("is verified again after each change of its own, and its effects are noted again", async () => {
    const policy = on("changes");
    await policy.set(set("a", "mutated"));
    await synced("changes");
    for (const [field, data] of [
      ["b", { a: "one", b: "mutated" }],
      ["a", { a: "mutated", b: "one" }],
      ["b", { a: "one", b: "mutated" }],
    ] as const) {
      await policy.set(set(field, "mutated"));
      await world.kube.until(
        world.configMap("changes"),
        "is as the policy lets",
        (object) => JSON.stringify(dataOf(object)) === JSON.stringify(data),
      );
    }
    await told("changes", elseThanGit("changes", ".data.b"));
    await expectQuiet(world.configMap("changes"), "changes");
  });

  it("one that goes is looked at again: live is as Git says", async () => {
    const policy = on("goes");
    await policy.set(set("a", "mutated"));
    await synced("goes");
    await policy.remove();
    await world.kube.until(world.configMap("goes"), "is put back", (object) => dataOf(object).a === "one");
    await world.synced("goes");
    await expectQuiet(world.configMap("goes"), "goes");
  });

  it("one that takes our labels away keeps a new object from being made, and is named", async () => {
    await on("unlabelled").set(withoutOurLabel);
    await world.repository("unlabelled", { "x.yaml": configMap("unlabelled", { a: "one" }) });
    await world.app("unlabelled", "unlabelled", ".");
    const app = await world.untilCondition("unlabelled", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.match(/policy removes the labels .*configure it to keep them/);
    expect(await read("unlabelled")).to.equal(undefined);
    expect(await writes(world.configMap("unlabelled"))).to.equal(0);
  });

  it("one that removes our labels is named, and deletes nothing; the app recovers without it", async () => {
    await synced("stolen");
    const uid = (await read("stolen"))?.metadata.uid;
    const policy = on("stolen");
    await policy.set(withoutOurLabel);
    const app = await world.kube.until<LiveApp>(world.appRef("stolen"), "tells", (live) =>
      /stolen: .*policy removes the labels/.test(condition(live, "Drifted")?.message ?? ""),
    );
    expect(condition(app, "Ready")?.status).to.equal("False");
    const sent = await writes(world.configMap("stolen"));
    await world.poke("stolen");
    expect(await writes(world.configMap("stolen")), "it is not fought").to.equal(sent);
    await policy.remove();
    await world.kube.until(
      world.configMap("stolen"),
      "carries our labels",
      ({ metadata }) => metadata.labels?.["gitops.overseer.io/app"] === "stolen",
    );
    await world.synced("stolen");
    expect((await read("stolen"))?.metadata.uid).to.equal(uid);
  });
});
