import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { runCommand } from "../../../tools/run-command.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { configMap, World } from "../../support/world.js";
import { ROWS } from "./rows.js";

const dataOf = (object: RawObject | undefined): unknown => object?.data;

describe("What leaves Git vanishes, whoever made the object", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("taken");
  });
  after(() => world?.remove());

  const kubectl = (args: readonly string[], input?: unknown): Promise<unknown> => {
    const { kubectlPath, kubeconfigPath } = world.controlPlane;
    const all = ["--kubeconfig", kubeconfigPath, "--namespace", world.namespace, ...args];
    return runCommand(kubectlPath, all, input === undefined ? {} : { input: JSON.stringify(input) });
  };
  const object = (name: string, data: Record<string, string>, metadata: Record<string, unknown> = {}) => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: world.namespace, ...metadata },
    data,
  });
  const live = (name: string): Promise<unknown> => world.kube.get(world.configMap(name)).then(dataOf);

  /** Puts `first` into Git, then what is left of it. */
  const adoptThenRemove = async (
    name: string,
    first: Record<string, string>,
    rest: Record<string, string>,
    sync: Record<string, unknown> = {},
  ): Promise<unknown> => {
    const repo = await world.repository(name, { "x.yaml": configMap(name, first) });
    await world.app(name, name, ".", { sync });
    await world.synced(name, await repo.head());
    const adopted = await live(name);
    await repo.commit({ "x.yaml": configMap(name, rest) }, "less");
    await world.poll(name);
    await world.synced(name, await repo.head());
    return adopted;
  };

  it("by kubectl create, with additions: Keep: removes fields that Git once had, and no others", async () => {
    await kubectl(["create", "-f", "-"], object("created", { a: "one", b: "two", extra: "theirs" }));
    await adoptThenRemove("created", { a: "one", b: "two" }, { a: "one" }, { additions: "Keep" });
    expect(await live("created")).to.deep.equal({ a: "one", extra: "theirs" });
  });

  it("by kubectl create and patch, over several hands", async () => {
    await kubectl(["create", "-f", "-"], object("patched", { a: "one" }));
    await kubectl(["patch", "configmap", "patched", "--type=merge", "-p", '{"data":{"b":"two"}}']);
    await kubectl(["apply", "--server-side", "-f", "-"], object("patched", { c: "three" }));
    await adoptThenRemove("patched", { a: "one", b: "two", c: "three" }, { a: "one" });
    expect(await live("patched")).to.deep.equal({ a: "one" });
  });

  it("by kubectl apply: what it holds beyond Git goes at once, and the plan names it", async () => {
    await kubectl(["apply", "-f", "-"], object("applied", { a: "one", old: "stale" }));
    expect(await adoptThenRemove("applied", { a: "one", b: "two" }, { a: "one" })).to.deep.equal({
      a: "one",
      b: "two",
    });
    expect(await live("applied")).to.deep.equal({ a: "one" });
    const [change] = await world.changes("applied");
    expect(change?.status?.plan?.[0]?.diff).to.deep.include({ path: ".data.old", from: "stale" });
  });

  it("before any apply: the managed fields say before-first-apply", async () => {
    await world.kube.create(object("before", { a: "one", old: "stale" }));
    await world.kube.patch(world.configMap("before"), { metadata: { managedFields: [{}] } });
    await world.kube.apply(object("before", { other: "theirs" }), "tool");
    await adoptThenRemove("before", { a: "one", b: "two" }, { a: "one" });
    expect(await live("before")).to.deep.equal({ a: "one", other: "theirs" });
  });

  it("by Helm: with adopt: Always, what the chart had beyond Git goes, and the plan names it", async () => {
    const metadata = { annotations: { "meta.helm.sh/release-name": "shop" } };
    await world.kube.apply(object("helm", { a: "one", old: "stale" }, metadata), "helm");
    await adoptThenRemove("helm", { a: "one", b: "two" }, { a: "one" }, { adopt: "Always" });
    expect(await live("helm")).to.deep.equal({ a: "one" });
    const [change] = await world.changes("helm");
    expect(change?.status?.plan?.[0]).to.include({ verb: "Adopt", reason: "was managed by Helm release shop" });
    expect(change?.status?.plan?.[0]?.diff).to.deep.include({ path: ".data.old", from: "stale" });
  });

  it("by Argo CD, which applies RBAC objects with a second field manager", async () => {
    const rule = (resource: string) => ({ apiGroups: [""], resources: [resource], verbs: ["get"] });
    const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" };
    const metadata = { name: "argo-role", namespace: world.namespace };
    const ref = world.object(role.apiVersion, role.kind, "argo-role");
    await world.kube.create({ ...role, metadata });
    const argo = { labels: { team: "shop", old: "stale" } };
    await world.kube.patch(ref, { metadata: argo }, { manager: "argocd-controller" });
    const rules = [rule("pods"), rule("secrets")];
    await world.kube.patch(ref, { rules }, { manager: "argocd-application-controller" });
    const document = (resources: readonly string[], labels: string): string =>
      `apiVersion: ${role.apiVersion}\nkind: Role\nmetadata: { name: argo-role, labels: ${labels} }\nrules:\n${resources
        .map((name) => `  - { apiGroups: [""], resources: [${name}], verbs: [get] }\n`)
        .join("")}`;
    const repo = await world.repository("argo-role", {
      "r.yaml": document(["pods", "secrets"], "{ team: shop, tier: web }"),
    });
    await world.app("argo-role", "argo-role", ".", { sync: { adopt: "Always" } });
    await world.synced("argo-role", await repo.head());
    expect((await world.kube.get(ref))?.metadata.labels).to.not.have.property("old");
    await repo.commit({ "r.yaml": document(["pods"], "{ tier: web }") }, "less");
    await world.poll("argo-role");
    await world.synced("argo-role", await repo.head());
    const live = await world.kube.get(ref);
    expect(live?.rules).to.deep.equal([rule("pods")]);
    expect(live?.metadata.labels).to.not.have.property("team");
    const managers = live?.metadata.managedFields?.map(({ manager }) => manager) ?? [];
    expect(managers.filter((manager) => manager?.startsWith("argocd"))).to.deep.equal([]);
  });

  it(`table E, ${ROWS.E10.text}; ${ROWS.E11.text}: by another server-side apply: the plan names whose values it takes; what he sets, too, stays and is told`, async () => {
    await world.kube.apply(object("carol", { a: "theirs", b: "two" }), "carol");
    await adoptThenRemove("carol", { a: "one", b: "two" }, { a: "one" });
    expect(await live("carol")).to.deep.equal({ a: "one", b: "two" });
    const [change] = await world.changes("carol");
    expect(change?.status?.plan?.[0]?.reason).to.equal(
      "existed without an owner; takes ownership of .data.a from carol",
    );
    const events = await world.kube.list<RawObject>("events.k8s.io/v1", "Event", world.namespace);
    const notes = events.map((event) => String(event.note));
    expect(notes).to.include(
      `ConfigMap ${world.namespace}/carol: .data.b: removed from Git, but kept because carol also sets it`,
    );
  });

  it(`table E, ${ROWS.E9.text}: although both happen in the same moment`, async () => {
    const repo = await world.repository("bob", { "x.yaml": configMap("bob", { a: "one", b: "two" }) });
    await world.app("bob", "bob", ".");
    await world.synced("bob", await repo.head());
    process.kill(world.operator.pid, "SIGSTOP");
    try {
      await world.kube.patch(world.configMap("bob"), { data: { b: "theirs" } }, { manager: "bob" });
      await repo.commit({ "x.yaml": configMap("bob", { a: "one" }) }, "less");
    } finally {
      process.kill(world.operator.pid, "SIGCONT");
    }
    await world.poll("bob");
    await world.synced("bob", await repo.head());
    expect(await live("bob")).to.deep.equal({ a: "one" });
  });

  it("although the managed fields were wiped: the object is taken again", async () => {
    const repo = await world.repository("wiped", { "x.yaml": configMap("wiped", { a: "one", b: "two" }) });
    await world.app("wiped", "wiped", ".");
    await world.synced("wiped", await repo.head());
    await world.kube.patch(world.configMap("wiped"), { metadata: { managedFields: [{}] } });
    await world.kube.until(world.configMap("wiped"), "is ours again", ({ metadata }) =>
      (metadata.managedFields ?? []).some(({ manager }) => manager?.startsWith("overseer:")),
    );
    await repo.commit({ "x.yaml": configMap("wiped", { a: "one" }) }, "less");
    await world.poll("wiped");
    await world.synced("wiped", await repo.head());
    expect(await live("wiped")).to.deep.equal({ a: "one" });
  });

  it("but an object that lost its managed fields while it left Git is kept, and reported", async () => {
    const repo = await world.repository("lost", {
      "x.yaml": configMap("lost", { a: "one" }),
      "y.yaml": configMap("lost-stays", { a: "one" }),
    });
    await world.app("lost", "lost", ".", { sync: { selfHeal: false } });
    await world.synced("lost", await repo.head());
    await world.kube.patch(world.configMap("lost"), { metadata: { managedFields: [{}] } });
    await world.untilCondition("lost", "Drifted", "True", "Reported");
    await repo.commit({ "x.yaml": null }, "it leaves");
    await world.poll("lost");
    await world.synced("lost", await repo.head());
    expect(await live("lost")).to.deep.equal({ a: "one" });
    const kept = await waitUntil({ what: "it is told", timeoutMs: 60_000 }, async () =>
      (await world.events("lost")).find((event) => event.startsWith("ObjectKept: ")),
    );
    expect(kept).to.include("/lost has the app's labels but no managedFields entry of the app");
  });
});
