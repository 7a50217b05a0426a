import { expect } from "chai";
import { ANNOTATION_IDENTITY, LABEL_INSTANCE } from "../../../src/api/group.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import type { GitRepo } from "../../support/git-server.js";
import { RemotePlane } from "../../support/remote-plane.js";
import { condition, configMap, World } from "../../support/world.js";

const data = (object: RawObject | undefined): Record<string, string> => (object?.data ?? {}) as Record<string, string>;

/** Needs no trusted namespace: the kubeconfig is the right. */
describe("An app on a remote cluster", function () {
  this.timeout(180_000);
  let world: World;
  let remote: RemotePlane;
  let repo: GitRepo;
  before(async () => {
    world = await World.create("remote", { operator: { trustedNamespaces: [] } });
    remote = await RemotePlane.start(world);
    await remote.grant("shop", ["get", "create", "patch", "delete"]);
    await remote.secret("there", remote.kubeconfig());
    repo = await world.repository("web", {
      "a.yaml": configMap("web-a", { v: "1" }),
      "b.yaml": configMap("web-b", { v: "1" }),
    });
    await remote.app("web", "web", "there");
  });
  after(async () => {
    await world?.remove();
    await remote?.stop();
  });

  it("is made there and not here, and carries the marks of the cluster that it is managed from", async () => {
    const app = await world.synced("web");
    const live = await remote.kube.get(world.configMap("web-a"));
    const home = await world.kube.get({ apiVersion: "v1", kind: "Namespace", name: "kube-system" });
    expect(data(live)).to.deep.equal({ v: "1" });
    expect(live?.metadata.labels?.[LABEL_INSTANCE]).to.equal(home?.metadata.uid);
    expect(live?.metadata.annotations?.[ANNOTATION_IDENTITY]).to.contain(app.metadata.uid);
    expect(live?.metadata.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`)).to.include(
      `overseer:${world.namespace}/web Apply`,
    );
    expect(await world.kube.get(world.configMap("web-a"))).to.equal(undefined);
    expect(app.status?.kinds).to.deep.equal(["v1./ConfigMap"]);
    expect(
      await world.operator.metric('overseer_reflector_watches_total{kind="remote"}'),
      "all under one label",
    ).to.be.greaterThan(0);
    expect(await world.operator.metric('rest_client_requests_total{code="201",method="PATCH"}')).to.be.at.least(2);
  });

  it("is put back when it drifts, and made again when it is deleted", async () => {
    await remote.kube.patch(world.configMap("web-a"), { data: { v: "drift" } });
    await remote.kube.until(world.configMap("web-a"), "is healed", (object) => data(object).v === "1");
    await remote.kube.delete(world.configMap("web-b"));
    await remote.kube.until(world.configMap("web-b"), "is there again", (object) => data(object).v === "1");
    await waitUntil({ what: "an Event names the writer", timeoutMs: 60_000 }, async () =>
      (await world.events("web")).some((event) =>
        /DriftHealed: ConfigMap .*web-a restored .*kubectl-patch/.test(event),
      ),
    );
    await world.synced("web");
  });

  it("is pruned there when it leaves Git, and new kinds are watched", async () => {
    const head = await repo.commit(
      {
        "b.yaml": null,
        "s.yaml":
          "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }], selector: { app: web } }\n",
      },
      "no b, a service",
    );
    await world.poll("web");
    await world.synced("web", head);
    await remote.kube.untilGone(world.configMap("web-b"));
    await remote.kube.delete(world.object("v1", "Service", "web"));
    await remote.kube.until(world.object("v1", "Service", "web"), "is there again", () => true);
  });

  it("is refused what another manager holds there, and takes it when told to", async () => {
    await remote.kube.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "taken", namespace: world.namespace },
      data: { v: "theirs" },
    });
    await world.repository("taken", { "x.yaml": configMap("taken", { v: "ours" }) });
    await remote.app("taken", "taken", "there", { sync: { adopt: "Never" } });
    await world.untilCondition("taken", "Ready", "False", "ApplyRefused");
    await world.kube.patch(world.appRef("taken"), { spec: { sync: { adopt: "Always" } } });
    await world.synced("taken");
    expect(data(await remote.kube.get(world.configMap("taken")))).to.deep.equal({ v: "ours" });
  });

  it("is separate from a local app with the same objects", async () => {
    await world.kube.apply({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "here", namespace: world.namespace },
    });
    await world.kube.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "here", namespace: world.namespace },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "admin" },
      subjects: [{ kind: "ServiceAccount", name: "here", namespace: world.namespace }],
    });
    const both = await world.repository("both", {
      "here/x.yaml": configMap("both", { v: "here" }),
      "there/x.yaml": configMap("both", { v: "there" }),
    });
    await world.app("both-here", "both", "here", { serviceAccountName: "here" });
    await remote.app("both-there", "both", "there", {
      source: { repositoryRef: { name: "both" }, path: "there" },
    });
    await world.synced("both-here");
    await world.synced("both-there");
    expect(data(await world.kube.get(world.configMap("both")))).to.deep.equal({ v: "here" });
    expect(data(await remote.kube.get(world.configMap("both")))).to.deep.equal({ v: "there" });
    // It leaves here, and is still wanted there: nothing is handed over between the two.
    const head = await both.commit({ "here/x.yaml": null, "here/y.yaml": configMap("other", {}) }, "moved");
    await world.poll("both");
    await world.synced("both-here", head);
    await world.kube.untilGone(world.configMap("both"));
    await world.synced("both-there");
    expect(data(await remote.kube.get(world.configMap("both")))).to.deep.equal({ v: "there" });
  });

  it("hands an object over to another app on the same cluster, without an interruption", async () => {
    const moved = await world.repository("moved", {
      "one/x.yaml": configMap("moved", { v: "1" }),
      "one/keep.yaml": configMap("one", {}),
      "two/keep.yaml": configMap("two", {}),
    });
    await remote.secret("there-too", remote.kubeconfig({ token: remote.token("shop") }));
    for (const [name, secret] of [
      ["one", "there"],
      ["two", "there-too"],
    ] as const)
      await remote.app(name, "moved", secret, { source: { repositoryRef: { name: "moved" }, path: name } });
    await world.synced("one");
    await world.synced("two");
    const before = await remote.kube.get(world.configMap("moved"));
    const head = await moved.commit({ "one/x.yaml": null, "two/x.yaml": configMap("moved", { v: "1" }) }, "moved");
    await world.poll("moved");
    await world.synced("one", head);
    await world.synced("two", head);
    const after = await remote.kube.get(world.configMap("moved"));
    expect(after?.metadata.uid, "the same object").to.equal(before?.metadata.uid);
    expect(after?.metadata.labels?.["gitops.overseer.io/app"]).to.equal("two");
  });

  it("is looked at again when a definition of its cluster comes", async () => {
    const kind = "apiVersion: remote.example/v1\nkind: Widget\nmetadata: { name: w }\nspec: { size: 1 }\n";
    await world.repository("widgets", { "w.yaml": kind });
    await remote.app("widgets", "widgets", "there");
    const app = await world.untilCondition("widgets", "Ready", "False", "ApplyRefused");
    expect(condition(app, "Ready")?.message).to.contain("no kind Widget");
    await remote.kube.apply({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.remote.example" },
      spec: {
        group: "remote.example",
        names: { kind: "Widget", plural: "widgets" },
        scope: "Cluster",
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        ],
      },
    });
    await world.synced("widgets");
    expect(await remote.kube.get({ apiVersion: "remote.example/v1", kind: "Widget", name: "w" })).to.not.equal(
      undefined,
    );
  });

  it("is synced again after the operator was down, deletions and drift included", async () => {
    await world.operator.stop();
    const head = await repo.commit({ "s.yaml": null, "c.yaml": configMap("web-c", { v: "1" }) }, "no service, c");
    await remote.kube.patch(world.configMap("web-a"), { data: { v: "drift" } });
    await world.operator.start();
    await world.synced("web", head);
    await remote.kube.untilGone(world.object("v1", "Service", "web"));
    expect(data(await remote.kube.get(world.configMap("web-a")))).to.deep.equal({ v: "1" });
    expect(data(await remote.kube.get(world.configMap("web-c")))).to.deep.equal({ v: "1" });
  });

  it("takes its objects along when it is deleted", async () => {
    for (const name of ["web", "widgets"]) {
      await world.kube.delete(world.appRef(name));
      await world.kube.untilGone(world.appRef(name));
    }
    expect(await remote.kube.get(world.configMap("web-a"))).to.equal(undefined);
    expect(await remote.kube.get({ apiVersion: "remote.example/v1", kind: "Widget", name: "w" })).to.equal(undefined);
    expect(data(await remote.kube.get(world.configMap("both"))), "of another app").to.deep.equal({ v: "there" });
  });
});
