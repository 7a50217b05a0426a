import { expect } from "chai";
import type { AppDetail, AppList } from "../../../src/api/rest/apps.js";
import type { ChangeDetail, ChangeList } from "../../../src/api/rest/changes.js";
import type { Whoami } from "../../../src/api/rest/user.js";
import { ApiClient } from "../../support/api-client.js";
import type { OperatorProcess } from "../../support/operator-process.js";
import { configMap, World } from "../../support/world.js";

import {
  APP_RULES,
  grantAccount,
  removeInstallation,
  startInstalledApi,
  startRestricted,
} from "../install/restricted-operator.js";

const RBAC = "rbac.authorization.k8s.io";
const IMPERSONATION = { enabled: true, serviceAccounts: true };

describe("The REST API", function () {
  this.timeout(180_000);
  let world: World;
  let api: OperatorProcess;
  const clients: ApiClient[] = [];

  before(async () => {
    world = await World.create("rest", { withoutOperator: true });
    await startRestricted(world, { "api.enabled": true, "api.impersonation": IMPERSONATION });
    api = await startInstalledApi(world);
    await grantAccount(world, "deployer", APP_RULES);
    const spec = { serviceAccountName: "deployer" };
    for (const name of ["web", "shop"]) await world.repository(name, { "c.yaml": configMap(name, { a: "1" }) });
    await world.app("web", "web", ".", spec);
    await world.app("shop", "shop", ".", { ...spec, sync: { mode: "Manual" } });
    await world.synced("web");
    await world.untilCondition("shop", "Waiting", "True");
  });
  after(async () => {
    const canaries = world?.canaries ?? [];
    for (const client of clients)
      for (const text of client.seen) for (const canary of canaries) expect(text).to.not.contain(canary);
    await api?.remove();
    await world?.remove();
    await removeInstallation(world);
  });

  const clientWith = async (token: string | undefined): Promise<ApiClient> => {
    const client = await ApiClient.of(api, token);
    clients.push(client);
    return client;
  };
  /** One of the users that the API server knows by a static token. */
  const user = (name: string): Promise<ApiClient> => clientWith(world.controlPlane.tokens[name]);
  const bind = async (name: string, role: object, subject: object): Promise<void> => {
    await world.kube.apply({
      ...{ apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata: { name, namespace: world.namespace } },
      ...{ roleRef: { apiGroup: RBAC, ...role }, subjects: [subject] },
    });
  };
  const person = (name: string): object => ({ kind: "User", name, apiGroup: RBAC });
  const accountToken = async (name: string, audiences?: readonly string[]): Promise<string> => {
    const { body } = await world.kube.client.request<{ status: { token: string } }>({
      method: "POST",
      path: `/api/v1/namespaces/${world.namespace}/serviceaccounts/${name}/token`,
      body: {
        ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" },
        spec: { expirationSeconds: 3600, ...(audiences ? { audiences } : {}) },
      },
    });
    return body.status.token;
  };

  it("shows a user what the user may read, and nothing else", async () => {
    await bind("alice", { kind: "ClusterRole", name: "overseer-gitops-view" }, person("alice"));
    const alice = await user("alice");
    const list = await alice.until<AppList>("/apps", "alice sees two apps", ({ total }) => total === 2);
    expect(list.items.map(({ name, sync, health }) => [name, sync, health])).to.deep.equal([
      ["shop", "Waiting", "Unknown"],
      ["web", "Synced", "Healthy"],
    ]);
    expect(list.items[1]).to.deep.include({
      repository: "web",
      destination: `kubernetes/${world.namespace}`,
      objects: 1,
    });
    expect(list.facets?.sync).to.deep.equal({ waiting: 1, synced: 1 });
    const carol = await user("carol");
    expect((await carol.get<AppList>("/apps")).total).to.equal(0);
    for (const path of ["/apps", "/changes"])
      expect((await carol.send("GET", `${path}/${world.namespace}/web`)).body).to.deep.equal(
        (await carol.send("GET", `${path}/nowhere/web`)).body,
      );
    expect((await carol.send("GET", `/apps/${world.namespace}/web`)).status).to.equal(404);
  });

  it("shows a single app to a user who may read only that one by its name", async () => {
    const rules = [
      { apiGroups: ["gitops.overseer.io"], resources: ["overseerapps"], verbs: ["get"], resourceNames: ["web"] },
    ];
    await world.kube.apply({
      ...{ apiVersion: `${RBAC}/v1`, kind: "Role", metadata: { name: "one", namespace: world.namespace }, rules },
    });
    await bind("bob", { kind: "Role", name: "one" }, person("bob"));
    const bob = await user("bob");
    const { items } = await bob.until<AppList>("/apps", "bob sees one app", ({ total }) => total === 1);
    expect(items[0]?.name).to.equal("web");
    expect((await bob.get<AppDetail>(`/apps/${world.namespace}/web`)).spec.source.path).to.equal(".");
    expect((await bob.send("GET", `/apps/${world.namespace}/shop`)).status).to.equal(404);
  });

  it("filters, counts, and keeps the order of a snapshot", async () => {
    const alice = await user("alice");
    const waiting = await alice.get<AppList>(`/apps?q=${encodeURIComponent("sync:waiting -name:web")}&can=true`);
    expect(waiting.items.map(({ name }) => name)).to.deep.equal(["shop"]);
    expect(waiting.can).to.deep.equal({ [world.namespace]: [] });
    const { snapshot } = await alice.get<AppList>("/apps?sort=-name&limit=1");
    const next = await alice.get<AppList>(`/apps?snapshot=${snapshot}&limit=1&offset=1`);
    expect(next).to.deep.include({ total: 2, snapshot });
    expect(next.items[0]?.name).to.equal("shop");
    const others = await user("carol");
    expect((await others.send("GET", `/apps?snapshot=${snapshot}`)).body.code).to.equal("SNAPSHOT_EXPIRED");
    expect((await alice.send("GET", "/apps?q=helth:degraded")).body).to.deep.include({ code: "INVALID", status: 400 });
  });

  it("shows Changes with their plans, and which ones wait for the user", async () => {
    const alice = await user("alice");
    const open = await alice.get<ChangeList>("/changes");
    expect(open.items.map(({ name, phase, gates }) => [name, phase, gates])).to.deep.equal([
      ["shop-1", "Waiting", ["manual"]],
    ]);
    expect((await alice.get<ChangeList>("/changes?state=all")).total).to.equal(2);
    expect((await alice.get<ChangeList>("/changes?mine=true")).total).to.equal(0);
    const change = await alice.get<ChangeDetail>(`/changes/${world.namespace}/shop-1`);
    expect(change.status?.plan?.[0]).to.deep.include({ verb: "Create", object: `ConfigMap ${world.namespace}/shop` });
    expect(change.can).to.deep.equal([]);
  });

  it("hands on a token of the API server, and impersonates the user of a token that is made for this API", async () => {
    const account = `system:serviceaccount:${world.namespace}:deployer`;
    const subject = { kind: "ServiceAccount", name: "deployer", namespace: world.namespace };
    await bind("deployer-view", { kind: "ClusterRole", name: "overseer-gitops-view" }, subject);
    for (const audiences of [undefined, ["overseer-gitops"]]) {
      const client = await clientWith(await accountToken("deployer", audiences));
      expect((await client.get<Whoami>("/whoami")).name).to.equal(account);
      await client.until<AppList>("/apps", "the account sees both apps", ({ total }) => total === 2);
      expect((await client.get<AppDetail>(`/apps/${world.namespace}/web`)).metadata.name).to.equal("web");
    }
    const stranger = await clientWith(await accountToken("deployer", ["vault"]));
    expect((await stranger.send("GET", "/whoami")).status).to.equal(401);
  });

  it("refuses everyone without a valid token, with one response", async () => {
    const bodies = new Set<string>();
    for (const token of [undefined, "x", "a.b.c"]) {
      const client = await clientWith(token);
      for (const path of ["/whoami", "/apps", `/apps/${world.namespace}/web`, "/changes"]) {
        const { status, text, headers } = await client.send("GET", path);
        expect([status, headers.get("www-authenticate")]).to.deep.equal([401, "Bearer"]);
        bodies.add(text);
      }
    }
    expect(bodies.size).to.equal(1);
  });

  it("needs no other right than those of the chart", async () => {
    // Those of users who asked for what they may not read.
    expect(await api.log()).to.not.match(/forbidden|"level":"(error|warn)"/i);
  });
});
