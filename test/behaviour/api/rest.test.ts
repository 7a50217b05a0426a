import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { AppDetail, AppList } from "../../../src/api/rest/apps.js";
import type { ChangeDetail, ChangeList } from "../../../src/api/rest/changes.js";
import { APP_VERBS } from "../../../src/api/rest/fields.js";
import type { ConnectionTest, RepositoryDetail, RepositoryList } from "../../../src/api/rest/repositories.js";
import type { SyncStatus } from "../../../src/api/rest/sync-status.js";
import type { Whoami } from "../../../src/api/rest/user.js";
import { ApiClient } from "../../support/api-client.js";
import { OidcIssuer } from "../../support/oidc-issuer.js";
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

  it("forwards a token of the API server, and impersonates the user of its own tokens", async () => {
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

  describe("for a user who may deploy and approve", () => {
    let bob: ApiClient;
    const app = (name: string): string => `/apps/${world.namespace}/${name}`;
    const change = (name: string): string => `/changes/${world.namespace}/${name}`;
    before(async () => {
      for (const role of ["sync", "approve", "edit"])
        await bind(`bob-${role}`, { kind: "ClusterRole", name: `overseer-gitops-${role}` }, person("bob"));
      bob = await user("bob");
      // Writing an app takes the right to use its ServiceAccount.
      await bind("bob-edit-all", { kind: "ClusterRole", name: "edit" }, person("bob"));
      await bob.until<AppDetail>(app("shop"), "bob may do everything", ({ can }) => can.length === APP_VERBS.length);
    });

    it("approves the plan that the user has seen, and no other", async () => {
      const waiting = await bob.until<ChangeList>(
        "/changes?mine=true",
        "a Change waits for bob",
        ({ total }) => total === 1,
      );
      const name = waiting.items[0]?.name ?? "";
      const planHash = (await bob.get<ChangeDetail>(change(name))).status?.planHash;
      const other = await bob.send("POST", `${change(name)}/approve`, { planHash: "another" });
      expect(other.body).to.deep.include({ status: 409, code: "PLAN_CHANGED", currentPlanHash: planHash });
      const alice = await user("alice");
      const refused = await alice.send("POST", `${change(name)}/approve`, { planHash });
      expect(refused.body).to.deep.include({ status: 403, code: "FORBIDDEN" });
      expect((await (await user("carol")).send("POST", `${change(name)}/approve`, { planHash })).status).to.equal(404);
      const key = { "idempotency-key": "first" };
      const body = { namespace: world.namespace, change: name, decision: "Approve", planHash, comment: "reviewed" };
      const created = await bob.send<{ name: string }>("POST", "/approvals", body, key);
      const again = await bob.send<{ name: string }>("POST", "/approvals", body, key);
      expect([created.status, again.status, again.body]).to.deep.equal([201, 200, created.body]);
      await world.synced("shop");
      const done = await bob.until<ChangeDetail>(
        change(name),
        "succeeded",
        ({ status }) => status?.phase === "Succeeded",
      );
      expect(done.status?.approvals?.[0]).to.deep.include({ approver: "bob", state: "Counted", comment: "reviewed" });
      const late = await bob.send("POST", `${change(name)}/reject`, { planHash });
      expect(late.body).to.deep.include({ status: 409, code: "CONFLICT" });
    });

    it("requests a sync and a rollback, which name the user as requester", async () => {
      const sync = await bob.send<{ name: string }>("POST", `${app("web")}/sync`, { dryRun: true });
      expect([sync.status, sync.headers.get("location")]).to.deep.equal([201, `/api/gitops${change(sync.body.name)}`]);
      const planned = await bob.until<ChangeDetail>(
        change(sync.body.name),
        "planned",
        ({ status }) => status?.phase === "Planned" || status?.phase === "Superseded",
      );
      expect(planned.spec).to.deep.include({ cause: "Sync", requester: "bob", dryRun: true });
      const rollback = await bob.send<{ name: string }>("POST", `${app("web")}/rollback`, { change: "web-1" });
      expect(rollback.status, rollback.text).to.equal(201);
      const back = await bob.get<ChangeDetail>(change(rollback.body.name));
      expect(back.spec).to.deep.include({ cause: "Rollback", requester: "bob" });
      const wrong = await bob.send("POST", `${app("web")}/rollback`, { change: "shop-1" });
      expect(wrong.body).to.deep.include({ status: 400, code: "INVALID" });
      const alice = await user("alice");
      expect((await alice.send("POST", `${app("web")}/sync`)).body.detail).to.match(
        /cannot create|does not have the verb/,
      );
    });

    it("suspends, resumes and refreshes an app", async () => {
      expect((await bob.send("POST", `${app("web")}/suspend`, { reason: "moving house" })).status).to.equal(202);
      const suspended = await bob.until<AppDetail>(app("web"), "suspended", ({ row }) => row.sync === "Suspended");
      expect(suspended.spec.suspendReason).to.equal("suspended by bob: moving house");
      expect((await bob.send("POST", `${app("web")}/resume`)).status).to.equal(202);
      const resumed = await bob.get<AppDetail>(app("web"));
      expect([resumed.spec.suspend, resumed.spec.suspendReason]).to.deep.equal([false, undefined]);
      expect((await bob.send("POST", `${app("web")}/refresh`)).status).to.equal(202);
      await bob.until<AppDetail>(
        app("web"),
        "refreshed",
        ({ metadata, status }) =>
          status?.lastHandledReconcileAt !== undefined &&
          status.lastHandledReconcileAt === metadata.annotations?.["gitops.overseer.io/reconcile-at"],
      );
    });

    it("sees changes of what the user may read in the event stream, as they happen", async () => {
      const alice = await user("alice");
      const data = await alice.event(
        "/events?topics=apps",
        () => bob.send("POST", `${app("web")}/suspend`),
        (event, text) => event === "app" && text.includes('"sync":"Suspended"'),
      );
      expect(JSON.parse(data)).to.deep.include({ type: "put", namespace: world.namespace, name: "web" });
      await bob.send("POST", `${app("web")}/resume`);
      expect((await alice.send("GET", "/events?topics=nodes")).body).to.deep.include({ status: 400, code: "INVALID" });
      expect((await (await clientWith("x")).send("GET", "/events")).status).to.equal(401);
    });

    it("adds, changes, polls and deletes a repository", async () => {
      const one = `/repositories/${world.namespace}/extra`;
      const spec = { url: `${(await world.git.createRepository("extra")).url}`, interval: "1h" };
      const added = await bob.send("POST", "/repositories", { namespace: world.namespace, name: "extra", spec });
      expect([added.status, added.headers.get("location")]).to.deep.equal([201, `/api/gitops${one}`]);
      const twice = await bob.send("POST", "/repositories", { namespace: world.namespace, name: "extra", spec });
      expect(twice.body).to.deep.include({ status: 409, code: "CONFLICT" });
      const listed = await bob.until<RepositoryList>(
        "/repositories?q=name:extra",
        "listed",
        ({ total }) => total === 1,
      );
      expect(listed.items[0]).to.deep.include({ name: "extra", url: spec.url });
      expect((await bob.send("POST", `${one}/sync`)).status).to.equal(202);
      const tested = await bob.send<ConnectionTest>("POST", `${one}/test`);
      expect([tested.status, tested.body.reachable, tested.body.reason]).to.deep.equal([200, false, "EmptyRepository"]);
      const read = await bob.send<RepositoryDetail>("GET", one);
      const patch = { spec: { interval: "2h" } };
      const stale = await bob.send("PATCH", one, patch, { "if-match": '"1"' });
      expect(stale.body).to.deep.include({ status: 412, code: "PRECONDITION_FAILED" });
      await bob.until<RepositoryDetail>(one, "reconciled", ({ status }) => (status?.conditions?.length ?? 0) > 0);
      expect((await bob.send<RepositoryDetail>("PATCH", one, patch)).body.spec.interval).to.equal("2h");
      const typo = await bob.send("PATCH", one, { spec: { intervall: "2h" } });
      expect(typo.body).to.deep.include({ status: 400, code: "INVALID" });
      const secret = world.canary();
      const invalid = await bob.send("PATCH", one, { spec: { url: `https://user:${secret}@git.example.com/x.git` } });
      expect(invalid.body.errors?.[0]).to.deep.include({ pointer: "#/spec/url" });
      expect(invalid.body.detail).to.contain("url must not contain a user name or password");
      expect((await bob.send("DELETE", one)).status).to.equal(202);
      await bob.until<RepositoryList>("/repositories?q=name:extra", "gone", ({ total }) => total === 0);
      expect(read.headers.get("etag")).to.match(/^"[0-9]+"$/);
    });

    it("asks what the user may do, and is recorded with what it did and what was refused", async () => {
      const question = `/can-i?resource=repositories&namespace=${world.namespace}&verb=`;
      expect(await bob.get(`${question}create`)).to.deep.include({ allowed: true });
      const alice = await user("alice");
      expect(await alice.get(`${question}create`)).to.deep.include({ allowed: false });
      expect((await bob.send("GET", "/can-i?resource=secrets&verb=get")).body).to.deep.include({ code: "INVALID" });
      const refused = await alice.send("POST", `${app("web")}/sync`);
      expect(refused.status).to.equal(403);
      const records = (await api.log()).split("\n").filter((line) => line.includes('"msg":"audit"'));
      const shown = records
        .map((line) => JSON.parse(line).audit)
        .map(({ actor, verb, object, outcome }) => [actor, verb, object.kind, object.name, outcome].join(" "));
      expect(shown).to.include.members([
        "bob create GitRepository extra Succeeded",
        "bob test GitRepository extra Succeeded",
        "bob delete GitRepository extra Started",
        "alice sync OverseerApp web Refused",
      ]);
    });

    it("reads logs with the permissions of the user", async () => {
      const missing = await bob.send("GET", `${app("web")}/logs?pod=${world.namespace}/missing`);
      expect(missing.body).to.deep.include({ status: 404, code: "NOT_FOUND" });
      const alice = await user("alice");
      expect((await alice.send("GET", `${app("web")}/logs?pod=${world.namespace}/missing`)).body).to.deep.equal(
        missing.body,
      );
      expect((await bob.send("GET", `${app("web")}/logs?pod=../secrets`)).body).to.deep.include({ code: "INVALID" });
    });

    it("sees the state of all apps at once", async () => {
      const status = await bob.until<SyncStatus>("/sync-status", "both are synced", ({ sync }) => sync.Synced === 2);
      expect(status).to.deep.include({ total: 2, health: { Healthy: 2 }, waitingChanges: 0, items: [] });
      expect((await (await user("carol")).get<SyncStatus>("/sync-status")).total).to.equal(0);
    });
  });

  describe("for a user who signs in at an issuer", () => {
    const PUBLIC_URL = "http://localhost:18080";
    const callback = `${PUBLIC_URL}/api/gitops/sign-in/callback`;
    let issuer: OidcIssuer;
    let browserApi: OperatorProcess;
    let base: string;
    before(async () => {
      issuer = await OidcIssuer.start((name) => (name === "dora" ? ["designers"] : ["system:masters"]), callback);
      const secretFile = join(world.controlPlane.dir, "oidc-client-secret");
      await writeFile(secretFile, `${issuer.clientSecret}\n`);
      browserApi = await startInstalledApi(world, [
        `--public-url=${PUBLIC_URL}`,
        ...[`--oidc-issuer=${issuer.url}`, `--oidc-client-id=${issuer.clientId}`, "--oidc-scopes=openid groups"],
        ...[`--oidc-client-secret-file=${secretFile}`, "--oidc-username-prefix=oidc:", "--oidc-name=Test issuer"],
      ]);
      base = await browserApi.api();
      await bind(
        "designers",
        { kind: "ClusterRole", name: "overseer-gitops-view" },
        { kind: "Group", name: "designers", apiGroup: RBAC },
      );
    });
    after(async () => {
      await browserApi?.remove();
      await issuer?.stop();
    });

    /** Signs a user in, and returns the response of the callback. */
    const signIn = async (name: string): Promise<Response> => {
      const begin = await fetch(`${base}/api/gitops/sign-in/oidc?returnTo=/apps`, { redirect: "manual" });
      expect(begin.status).to.equal(302);
      const [cookie = ""] = begin.headers.getSetCookie().map((text) => text.split(";")[0]);
      const back = await issuer.signIn(begin.headers.get("location") ?? "", name, callback);
      return fetch(`${base}${back.slice(PUBLIC_URL.length)}`, { redirect: "manual", headers: { cookie } });
    };
    const cookieOf = (response: Response): string =>
      response.headers
        .getSetCookie()
        .filter((text) => !text.includes("Max-Age=0"))
        .map((text) => text.split(";")[0])
        .join("; ");

    it("acts with the groups of the issuer until the user signs out", async () => {
      const response = await signIn("dora");
      expect([response.status, response.headers.get("location")]).to.deep.equal([302, "/apps"]);
      const cookie = cookieOf(response);
      expect(response.headers.getSetCookie()[0]).to.match(/^__Host-overseer=.*HttpOnly; Secure; SameSite=Lax/);
      const dora = new ApiClient(base, { cookie, "sec-fetch-site": "same-origin" });
      const user = await dora.get<Whoami>("/whoami");
      expect(user).to.deep.include({ name: "oidc:dora", groups: ["designers"], signedInBy: "session" });
      await dora.until<AppList>("/apps", "dora sees both apps", ({ total }) => total === 2);
      expect((await dora.get<AppDetail>(`/apps/${world.namespace}/web`)).metadata.name).to.equal("web");
      const refused = await dora.send("POST", `/apps/${world.namespace}/web/sync`);
      expect(refused.body).to.deep.include({ status: 403, code: "FORBIDDEN" });
      expect(await dora.get("/sign-in")).to.deep.equal({ oidc: { name: "Test issuer" } });
      const out = await dora.send("DELETE", "/session");
      expect(out.status).to.equal(204);
      expect(out.headers.getSetCookie().every((text) => text.includes("Max-Age=0"))).to.equal(true);
      for (const headers of [{ cookie, "sec-fetch-site": "cross-site" }, { cookie }, { cookie: `${cookie}x` }]) {
        const stranger = new ApiClient(base, headers);
        expect((await stranger.send("GET", "/whoami")).status).to.equal(401);
        expect((await stranger.send("POST", `/apps/${world.namespace}/web/sync`)).status).to.equal(401);
      }
    });

    it("is refused with a reserved group, and with a callback that this browser has not begun", async () => {
      const response = await signIn("mallory");
      expect([response.status, cookieOf(response)]).to.deep.equal([401, ""]);
      expect(((await response.json()) as { detail: string }).detail).to.contain("begins with system:");
      const foreign = await fetch(`${callback.replace(PUBLIC_URL, base)}?code=x&state=y`, { redirect: "manual" });
      expect([foreign.status, cookieOf(foreign)]).to.deep.equal([401, ""]);
      expect(await browserApi.log()).to.not.contain(issuer.clientSecret);
    });
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
    expect(await api.log()).to.not.match(/forbidden/i);
  });
});
