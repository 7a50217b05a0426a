import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { KubeStatusError } from "../../../src/kube/errors.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { sendWebhook } from "../../support/git-webhook.js";
import { INSTALL_NAMESPACE, installChart, OPERATOR, packageChart, SERVER } from "../../support/helm.js";
import type { OperatorProcess } from "../../support/operator-process.js";
import { condition, configMap, deployment, World } from "../../support/world.js";
import {
  APP_RULES,
  answers,
  forbiddenRequests,
  grantAccount,
  KEY_SECRET,
  removeInstallation,
  startInstalledServer,
  startRestricted,
} from "./restricted-operator.js";

describe("The operator with the rights of its chart", function () {
  this.timeout(180_000);
  let world: World;
  let server: OperatorProcess | undefined;
  before(async () => {
    world = await World.create("rights", { withoutOperator: true });
    await world.kube.delete(KEY_SECRET);
    await startRestricted(world);
    await grantAccount(world, "deployer", APP_RULES);
  });
  after(async () => {
    await server?.remove();
    await world?.remove();
    await removeInstallation(world);
  });

  const expectNothingForbidden = async (): Promise<void> => {
    expect(await forbiddenRequests(world.operator), await world.operator.log()).to.equal(0);
  };

  it("makes the key of its digests and takes its lease", async () => {
    // A process is ready as a standby, too: it makes the key and takes the lease once it leads.
    const key = await world.kube.until(KEY_SECRET, "exists", ({ data }) => data !== undefined);
    expect(key.data).to.have.key("digest");
    const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", namespace: INSTALL_NAMESPACE };
    const holder = (live: RawObject): unknown => (live.spec as { holderIdentity?: string } | undefined)?.holderIdentity;
    await world.kube.until({ ...lease, name: "overseer-gitops" }, "has a holder", (live) => !!holder(live));
    await expectNothingForbidden();
  });

  it("syncs, heals, prunes and deletes an app of a tenant, and is refused nothing", async () => {
    const files = { "a.yaml": configMap("a", { v: "1" }), "b.yaml": configMap("b", {}), "d.yaml": deployment("web") };
    const repo = await world.repository("shop", files);
    await world.app("shop", "shop", ".", { serviceAccountName: "deployer", historyLimit: 1 });
    await world.synced("shop");
    await world.kube.patch(world.configMap("a"), { data: { v: "2" } });
    await world.kube.until(world.configMap("a"), "is healed", (live) => dataOf(live).v === "1");
    const commit = await repo.commit({ "a.yaml": configMap("a", { v: "3" }), "b.yaml": null }, "change");
    await world.poll("shop");
    await world.synced("shop", commit);
    await world.kube.untilGone(world.configMap("b"));
    const third = await repo.commit({ "a.yaml": configMap("a", { v: "4" }) }, "change again");
    await world.poll("shop");
    await world.synced("shop", third);
    await world.kube.untilGone(world.object(API_VERSION, "Change", "shop-1"));
    expect(dataOf(await world.kube.get(world.configMap("a"))).v).to.equal("4");
    await expectNothingForbidden();
    await world.kube.delete(world.appRef("shop"));
    await world.kube.untilGone(world.appRef("shop"));
    expect(await world.kube.get(world.configMap("a"))).to.equal(undefined);
    await expectNothingForbidden();
  });

  it("takes over what kubectl has made, and hands over what moves to another app", async () => {
    await world.kube.apply(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "moved", namespace: world.namespace },
        data: { v: "0" },
      },
      "kubectl",
    );
    const repo = await world.repository("two", {
      "one/x.yaml": configMap("moved", { v: "1" }),
      "two/y.yaml": configMap("stays", {}),
    });
    await world.app("one", "two", "one", { serviceAccountName: "deployer" });
    await world.app("two", "two", "two", { serviceAccountName: "deployer" });
    await Promise.all([world.synced("one"), world.synced("two")]);
    const before = await world.kube.get(world.configMap("moved"));
    await repo.commit(
      { "one/x.yaml": null, "one/z.yaml": configMap("other", {}), "two/x.yaml": configMap("moved", { v: "1" }) },
      "move",
    );
    await world.poll("two");
    await world.kube.until(
      world.configMap("moved"),
      "belongs to the other app",
      (live) => live.metadata.labels?.["gitops.overseer.io/app"] === "two",
    );
    expect((await world.kube.get(world.configMap("moved")))?.metadata.uid).to.equal(before?.metadata.uid);
    await Promise.all([world.synced("one"), world.synced("two")]);
    await expectNothingForbidden();
  });

  it("reads the Secret that a repository names", async () => {
    const { namespace } = world;
    const password = world.canary();
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "git", namespace },
      stringData: { username: "git", password },
    });
    await world.repository("private", { "p.yaml": configMap("private", {}) }, { secretRef: { name: "git" } });
    await world.app("private", "private", ".", { serviceAccountName: "deployer" });
    await world.synced("private");
    await expectNothingForbidden();
  });

  it("reads an admission policy that changes", async () => {
    const name = `${world.namespace}-policy`;
    const ref = { apiVersion: "admissionregistration.k8s.io/v1", kind: "ValidatingAdmissionPolicy", name };
    const resourceRules = [
      { apiGroups: ["example.com"], apiVersions: ["*"], resources: ["none"], operations: ["CREATE"] },
    ];
    const spec = { matchConstraints: { resourceRules }, validations: [{ expression: "true" }] };
    const before = await answers(world.operator, "GET");
    try {
      await world.kube.apply({ apiVersion: ref.apiVersion, kind: ref.kind, metadata: { name }, spec });
      await waitUntil({ what: "the policy is read", timeoutMs: 60_000, intervalMs: 100 }, async () => {
        return (await answers(world.operator, "GET")) > before;
      });
    } finally {
      await world.kube.delete(ref);
    }
    await expectNothingForbidden();
  });

  it("is upgraded without a write to any object of any app", async () => {
    await world.repository("calm", { "x.yaml": configMap("calm", {}), "d.yaml": deployment("calm") });
    await world.app("calm", "calm", ".", { serviceAccountName: "deployer" });
    await world.synced("calm");
    const versions = async (): Promise<(string | undefined)[]> => {
      const refs = [
        world.configMap("calm"),
        world.object("apps/v1", "Deployment", "calm"),
        world.appRef("calm"),
        world.repositoryRef("calm"),
      ];
      const objects = await Promise.all(refs.map((ref) => world.kube.get<RawObject>(ref)));
      return objects.map((object) => object?.metadata.resourceVersion);
    };
    const before = await versions();
    const next = await packageChart(world.operator.dir, "0.1.1-test.1");
    await installChart(world.controlPlane, { logLevel: "debug" }, next);
    await world.operator.stop();
    await world.operator.start();
    await world.poll("calm");
    const app = await world.poke("calm");
    expect(condition(app, "Ready")?.status).to.equal("True");
    const after = await versions();
    expect(after.slice(0, 2)).to.deep.equal(before.slice(0, 2));
    expect(await world.operator.metric('overseer_apply_total{verb="update",result="success"}')).to.equal(0);
    await expectNothingForbidden();
  });

  it("receives webhooks with the rights of its server, and is refused nothing", async () => {
    server = await startInstalledServer(world);
    const token = world.canary();
    const metadata = { name: "hook", namespace: world.namespace };
    await world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata, stringData: { token } });
    const files = { "x.yaml": configMap("hooked", { v: "1" }) };
    const repo = await world.repository("hooked", files, { webhook: { secretRef: { name: "hook" } } });
    await world.app("hooked", "hooked", ".", { serviceAccountName: "deployer" });
    await world.synced("hooked");
    const commit = await repo.commit({ "x.yaml": configMap("hooked", { v: "2" }) }, "second");
    const url = `${await server.webhooks()}/hooks/${world.namespace}/hooked`;
    await waitUntil({ what: "the webhook is taken", timeoutMs: 30_000 }, async () => {
      return (await sendWebhook(url, "GitHub", token)).status === 202;
    });
    await world.synced("hooked", commit);
    expect(await forbiddenRequests(server), await server.log()).to.equal(0);
    expect(await server.log()).to.not.contain(token);
    await expectNothingForbidden();
  });

  it("lets its server write nothing of a repository but the wish for a poll", async () => {
    await world.repository("kept", {});
    const ref = world.repositoryRef("kept");
    await world.kube.patch(ref, { metadata: { annotations: { "example.com/kept": "1" } } });
    const path = `/apis/${API_VERSION}/namespaces/${world.namespace}/gitrepositories/kept`;
    const patch = (body: unknown): Promise<number> =>
      world.kube.client
        .request({
          method: "PATCH",
          path,
          body,
          contentType: "application/merge-patch+json",
          impersonate: `system:serviceaccount:${INSTALL_NAMESPACE}:${SERVER}`,
        })
        .then(({ status }) => status)
        .catch((error: unknown) => (error instanceof KubeStatusError ? error.statusCode : Promise.reject(error)));
    const refused = [
      { spec: { url: "https://evil.example.com/x.git" } },
      { spec: { suspend: true } },
      { metadata: { annotations: { "example.com/other": "1" } } },
      { metadata: { annotations: { "example.com/kept": "2" } } },
      { metadata: { annotations: { "example.com/kept": null } } },
      { metadata: { annotations: null } },
      { metadata: { labels: { a: "b" } } },
      { metadata: { finalizers: ["example.com/never"] } },
      { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "Node", name: "x", uid: "1" }] } },
      { metadata: { annotations: { "gitops.overseer.io/reconcile-at": "1" } }, spec: { suspend: true } },
    ];
    // A policy takes a moment until it is in force.
    await waitUntil({ what: "the policy is in force", timeoutMs: 30_000 }, async () => {
      return (await patch({ metadata: { labels: { probe: String(Math.random()) } } })) === 403;
    });
    for (const body of refused) expect(await patch(body), JSON.stringify(body)).to.equal(403);
    const wish = (value: string | null) => ({
      metadata: { annotations: { "gitops.overseer.io/reconcile-at": value } },
    });
    expect(await patch(wish("1"))).to.equal(200);
    expect(await patch(wish("2"))).to.equal(200);
    const live = await world.kube.get(ref);
    expect(live?.metadata.annotations).to.include({ "example.com/kept": "1", "gitops.overseer.io/reconcile-at": "2" });
    expect(live?.metadata.labels?.a).to.equal(undefined);
  });

  it("may open no shell and change nothing of others", async () => {
    const allowedTo = async (
      account: string,
      verb: string,
      resource: string,
      subresource = "",
      group = "",
    ): Promise<boolean> => {
      const { body } = await world.kube.client.request<{ status: { allowed: boolean } }>({
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        body: {
          apiVersion: "authorization.k8s.io/v1",
          kind: "SubjectAccessReview",
          spec: {
            user: `system:serviceaccount:${INSTALL_NAMESPACE}:${account}`,
            resourceAttributes: { verb, group, resource, subresource, namespace: world.namespace, name: "x" },
          },
        },
      });
      return body.status.allowed;
    };
    const allowed = (...right: [string, string, string?, string?]) => allowedTo(OPERATOR, ...right);
    expect(await allowed("impersonate", "serviceaccounts"), "the question is asked rightly").to.equal(true);
    const shells = ["exec", "attach", "portforward", "proxy"].map((sub) => ["get", "pods", sub] as const);
    const rights = [
      ...shells,
      ["create", "pods", "exec"],
      ["get", "nodes", "proxy"],
      ["get", "services", "proxy"],
      ["create", "serviceaccounts", "token"],
      ["impersonate", "users"],
      ["impersonate", "groups"],
      ["create", "secrets"],
      ["patch", "configmaps"],
      ["delete", "configmaps"],
      ["create", "namespaces"],
      ["patch", "deployments", "", "apps"],
      ["create", "rolebindings", "", "rbac.authorization.k8s.io"],
      ["escalate", "clusterroles", "", "rbac.authorization.k8s.io"],
      ["create", "overseerapps", "", "gitops.overseer.io"],
      ["delete", "overseerapps", "", "gitops.overseer.io"],
    ] as const;
    const granted: string[] = [];
    for (const [verb, resource, sub, group] of rights) {
      if (await allowed(verb, resource, sub, group)) granted.push(`${verb} ${resource}/${sub ?? ""}`);
    }
    expect(granted).to.deep.equal([]);
    expect(await allowedTo(SERVER, "patch", "gitrepositories", "", "gitops.overseer.io")).to.equal(true);
    const beyond = [
      ...rights,
      ["impersonate", "serviceaccounts"],
      ["list", "pods"],
      ["get", "configmaps"],
      ["patch", "secrets"],
      ["get", "overseerapps", "", "gitops.overseer.io"],
      ["create", "gitrepositories", "", "gitops.overseer.io"],
      ["delete", "gitrepositories", "", "gitops.overseer.io"],
      ["patch", "gitrepositories", "status", "gitops.overseer.io"],
      ["get", "leases", "", "coordination.k8s.io"],
    ] as const;
    for (const [verb, resource, sub, group] of beyond) {
      if (await allowedTo(SERVER, verb, resource, sub, group)) granted.push(`server: ${verb} ${resource}/${sub ?? ""}`);
    }
    expect(granted).to.deep.equal([]);
  });
});

function dataOf(object: RawObject | undefined): Record<string, string> {
  return (object?.data ?? {}) as Record<string, string>;
}
