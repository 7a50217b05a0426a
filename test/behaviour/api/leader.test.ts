import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { AuditPage } from "../../../src/api/rest/audit.js";
import type { ChangeDetail, NewObjects, WholePlan } from "../../../src/api/rest/changes.js";
import type { CoreList } from "../../../src/api/rest/cores.js";
import type { DesiredDocuments, ObjectComparison } from "../../../src/api/rest/desired.js";
import type { AppObjects } from "../../../src/api/rest/objects.js";
import { ApiClient } from "../../support/api-client.js";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { INSTALL_NAMESPACE } from "../../support/helm.js";
import type { OperatorProcess } from "../../support/operator-process.js";
import { runOverseer } from "../../support/overseer-cli.js";
import { configMap, World } from "../../support/world.js";
import {
  APP_RULES,
  accountToken,
  grantAccount,
  leaderTokenFile,
  removeInstallation,
  startInstalledApi,
  startRestricted,
} from "../install/restricted-operator.js";

const RBAC = "rbac.authorization.k8s.io";

describe("The REST API asks the leader", function () {
  this.timeout(180_000);
  let world: World;
  let core: CoreBench;
  let api: OperatorProcess;
  let tokenFile: string;
  let auditDir: string;
  let secret: string;
  let bob: ApiClient;

  const app = (name: string): string => `/apps/${world.namespace}/${name}`;

  before(async () => {
    world = await World.create("leader", { withoutOperator: true });
    const values = { "api.enabled": true, "api.leader.enabled": true };
    auditDir = await mkdtemp(join(tmpdir(), "overseer-audit-"));
    await startRestricted(world, values, ["--internal-address=127.0.0.1:0", `--audit-dir=${auditDir}`]);
    core = await CoreBench.start(world);
    tokenFile = await leaderTokenFile(world);
    api = await startInstalledApi(world, [`--leader-token-file=${tokenFile}`]);
    await grantAccount(world, "deployer", APP_RULES);
    secret = world.canary();
    const manifest = `${configMap("web", { a: "1", b: "2" })}---\napiVersion: v1\nkind: Secret\nmetadata: {name: web}\nstringData: {password: ${secret}}\n`;
    await world.repository("web", { "c.yaml": manifest });
    await world.app("web", "web", ".", { serviceAccountName: "deployer", sync: { selfHeal: false } });
    await world.repository("shop", {
      "apps/shop.yaml": appDocument("shop", { web: { image: "registry.example/web:1" } }),
    });
    await core.app("shop", "shop", "apps");
    await world.synced("web");
    await world.synced("shop");
    const subjects = [{ kind: "User", name: "bob", apiGroup: RBAC }];
    const roleRef = { apiGroup: RBAC, kind: "ClusterRole", name: "edit" };
    const metadata = { name: "bob", namespace: world.namespace };
    await world.kube.apply({ apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata, roleRef, subjects });
    bob = await ApiClient.of(api, world.controlPlane.tokens.bob);
    await bob.until(app("web"), "readable", () => true);
  });
  after(async () => {
    for (const text of bob?.seen ?? []) expect(text).to.not.contain(secret);
    await api?.remove();
    await core?.stop();
    await world?.remove();
    await removeInstallation(world);
    await rm(auditDir, { recursive: true, force: true });
  });

  it("for the documents of an app, and for how a live object differs, without values of Secrets", async () => {
    const { items } = await bob.get<DesiredDocuments>(`${app("web")}/documents`);
    expect(items.map(({ kind, name, file }) => [kind, name, file])).to.have.deep.members([
      ["ConfigMap", "web", "c.yaml"],
      ["Secret", "web", "c.yaml"],
    ]);
    const { namespace } = world;
    const created = await bob.get<NewObjects>(`/changes/${namespace}/web-1/new-objects`);
    expect(created.omitted).to.equal(0);
    expect(created.items.map(({ object, diff }) => [object, diff])).to.have.deep.members([
      [`ConfigMap ${namespace}/web`, [{ path: ".data", to: '{"a":"1","b":"2"}' }]],
      [`Secret ${namespace}/web`, [{ path: ".data.password", to: "<redacted>" }]],
    ]);
    await world.kube.patch(world.configMap("web"), { data: { a: "9" } });
    const query = (kind: string): string => `apiVersion=v1&kind=${kind}&namespace=${namespace}&name=web`;
    const map = await bob.get<ObjectComparison>(`${app("web")}/object?${query("ConfigMap")}`);
    expect(map.differences).to.deep.equal([{ path: ".data.a", from: '"9"', to: '"1"' }]);
    expect(map).to.deep.include({ exists: true, file: "c.yaml", omitted: 0 });
    await world.kube.patch(world.object("v1", "Secret", "web"), { stringData: { password: "edited" } });
    const hidden = await bob.get<ObjectComparison>(`${app("web")}/object?${query("Secret")}`);
    expect(JSON.stringify(hidden.desired)).to.include("<redacted>");
    expect((await bob.send("GET", `${app("web")}/object?${query("Deployment")}`)).status).to.equal(404);
  });

  it("for the Cores of the apps that the user may read, with their nodes", async () => {
    const online = ({ items: [one] }: CoreList): boolean => one?.nodes[0]?.status === "online";
    const { items } = await bob.until<CoreList>("/cores", "the node of shop is online", online);
    const shop = `${world.namespace}/shop`;
    expect(items.map(({ url, usedBy }) => [url, usedBy])).to.deep.equal([[core.proxy.url, [shop]]]);
    expect(items[0]?.nodes[0]?.apps[0]).to.deep.include({ name: "shop", app: shop, status: "running" });
    const [service] = items[0]?.nodes[0]?.apps[0]?.services ?? [];
    expect(service).to.deep.include({ name: "web", image: "registry.example/web:1", state: "unknown" });
    const alice = await ApiClient.of(api, world.controlPlane.tokens.alice);
    expect(await alice.get<CoreList>("/cores")).to.deep.equal({ items: [] });
  });

  it("for the objects of a Core", async () => {
    const { items, unavailable } = await bob.get<AppObjects>(`${app("shop")}/objects`);
    expect(unavailable).to.equal(undefined);
    expect(items.map(({ kind, name, health }) => [kind, name, health])).to.deep.equal([["App", "shop", "Healthy"]]);
  });

  /** Makes an app of large files, and commits others of which the app waits. Returns the path of its Change. */
  const waitingChange = async (
    name: string,
    filesOf: (letter: string) => Record<string, string>,
    makeApp: () => Promise<unknown>,
  ): Promise<string> => {
    const repository = await world.repository(name, filesOf("x"));
    await makeApp();
    await world.synced(name);
    await world.kube.patch(world.appRef(name), { spec: { sync: { mode: "Manual" } } });
    await repository.commit(filesOf("y"), "other values");
    await world.poll(name);
    const path = `/changes/${world.namespace}/${name}-2`;
    const { status } = await bob.until<ChangeDetail>(path, "waiting", ({ row }) => row.phase === "Waiting");
    expect(status?.planIncomplete).to.match(/^not shown: /);
    const whole = await bob.get<WholePlan>(`${path}/plan`);
    expect(whole.complete).to.equal(true);
    expect(whole.planHash).to.not.equal(status?.planHash);
    return path;
  };

  it("for a plan of megabytes, which is approved by a hash that comes with it, by API and command line", async () => {
    const { kube, namespace } = world;
    const files = (letter: string): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length: 40 }, (_, at) => [`${at}.yaml`, configMap(`large-${at}`, { a: letter.repeat(60_000) })]),
      );
    const roleRef = { apiGroup: RBAC, kind: "ClusterRole", name: "overseer-gitops-approve" };
    const subjects = [{ kind: "User", name: "bob", apiGroup: RBAC }];
    const binding = { apiVersion: `${RBAC}/v1`, kind: "RoleBinding", metadata: { name: "bob-approves", namespace } };
    await kube.apply({ ...binding, roleRef, subjects });
    const path = await waitingChange("large", files, () =>
      world.app("large", "large", ".", { serviceAccountName: "deployer" }),
    );
    const read = await bob.send<WholePlan>("GET", `${path}/plan`);
    const whole = read.body;
    expect(whole.actions.map(({ diff }) => diff?.map(({ to }) => to?.length))).to.deep.equal(
      Array.from({ length: 40 }, () => [60_000]),
    );
    const etag = read.headers.get("etag") ?? "";
    expect((await bob.send("GET", `${path}/plan`, undefined, { "if-none-match": etag })).status).to.equal(304);
    const alice = await ApiClient.of(api, world.controlPlane.tokens.alice);
    expect((await alice.send("GET", `${path}/plan`)).status).to.equal(404);
    const wrong = await bob.send("POST", `${path}/approve`, { planHash: "0".repeat(32) });
    expect(wrong.body).to.deep.include({ status: 409, code: "PLAN_CHANGED" });
    const flags = { env: { OVERSEER_SERVER: await api.api(), OVERSEER_TOKEN: world.controlPlane.tokens.bob } };
    const shown = await runOverseer(["plan", `${namespace}/large-2`, "-o", "json"], flags);
    expect(JSON.parse(shown.stdout)).to.deep.include({ planHash: whole.planHash });
    expect(JSON.parse(shown.stdout).actions).to.deep.equal(whole.actions);
    const approve = ["approve", `${namespace}/large-2`, "--plan-hash", whole.planHash, "--yes"];
    const approved = await runOverseer(approve, flags);
    expect([approved.code, approved.stdout]).to.deep.equal([0, approved.stdout.replace(/: .*$/m, ": Counted")]);
    await world.synced("large");
  });

  it("for such a plan of apps on a Core", async () => {
    const image = "registry.example/web:1";
    const files = (letter: string): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length: 10 }, (_, at) => [
          `apps/${at}.yaml`,
          appDocument(`big-${at}`, { web: { image, environment: { TEXT: letter.repeat(60_000) } } }),
        ]),
      );
    const path = await waitingChange("big", files, () => core.app("big", "big", "apps"));
    const { planHash, actions } = await bob.get<WholePlan>(`${path}/plan`);
    expect(actions.map(({ diff }) => diff?.map(({ from, to }) => [from?.length, to?.length]))).to.deep.equal(
      Array.from({ length: 10 }, () => [[60_000, 60_000]]),
    );
    expect((await bob.send("POST", `${path}/approve`, { planHash })).status).to.equal(201);
    await world.synced("big");
  });

  it("for its audit trail, which those may read who have the right in all namespaces, by API and command line", async () => {
    const { kube, namespace } = world;
    const refused = await bob.send("GET", "/audit");
    expect(refused.body).to.deep.include({ status: 403, code: "FORBIDDEN" });
    expect(refused.text).to.include("auditrecords.gitops.overseer.io");
    const binding = { apiVersion: `${RBAC}/v1`, kind: "ClusterRoleBinding" };
    await kube.apply({
      ...{ ...binding, metadata: { name: namespace } },
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name: "overseer-gitops-audit" },
      subjects: [{ kind: "User", name: "carol", apiGroup: RBAC }],
    });
    expect((await bob.send("POST", `${app("web")}/refresh`, {})).status).to.equal(202);
    const token = world.controlPlane.tokens.carol;
    const carol = await ApiClient.of(api, token);
    const done = ({ items }: AuditPage): boolean =>
      items.some(({ actor, verb, outcome }) => actor === "bob" && verb === "refresh" && outcome === "Succeeded") &&
      items.some(({ verb, outcome }) => verb === "sync" && outcome === "Succeeded");
    const query = `/audit?namespace=${namespace}&name=web`;
    const page = await carol.until<AuditPage>(query, "records of the operator and of the API", done);
    expect(page.sources.map(({ name, stored }) => [name, stored])).to.deep.equal([
      ["operator", "files"],
      ["api", "memory"],
    ]);
    const first = await carol.get<AuditPage>(`${query}&limit=1`);
    const second = await carol.get<AuditPage>(`${query}&limit=1&before=${first.next}`);
    expect([...first.items, ...second.items]).to.deep.equal(page.items.slice(0, 2));
    expect((await carol.send("GET", "/audit?before=x")).status).to.equal(400);
    const env = { OVERSEER_SERVER: await api.api(), OVERSEER_TOKEN: token };
    const listed = await runOverseer(["audit", "--app", `${namespace}/web`, "--user", "bob"], { env });
    expect(listed.stdout).to.match(
      /^TIME +USER +VERB +OBJECT.*\n.*bob +refresh +OverseerApp leader-\S+\/web +Succeeded/,
    );
    expect(listed.stderr).to.include("the REST API keeps no audit files");
    const file = join(auditDir, "audit.jsonl");
    const verified = await runOverseer(["audit", "verify", file]);
    expect([verified.code, verified.stdout]).to.deep.include(0);
    expect(verified.stdout).to.match(/^\d+ records are intact/);
    const all = await runOverseer(["audit", "list", file, "-o", "json"]);
    expect(all.stdout).to.include('"verb":"sync"').and.not.include(secret);
    const changed = await runOverseer(["audit", "verify", "-"], { input: all.stdout.replace('"sync"', '"heal"') });
    expect([changed.code, changed.stderr]).to.deep.include(1);
    expect(changed.stderr).to.include("the chain is broken at the beginning: the line is damaged or was changed");
    await kube.delete({ ...binding, name: namespace });
  });

  it("with its own token only: the leader refuses others, and its address answers nobody else", async () => {
    const lease = await world.kube.get({
      ...{ apiVersion: "coordination.k8s.io/v1", kind: "Lease" },
      ...{ namespace: INSTALL_NAMESPACE, name: "overseer-gitops" },
    });
    const text = lease?.metadata.annotations?.["gitops.overseer.io/leader-address"] ?? "";
    expect(JSON.parse(text).url).to.match(/^https:\/\/127\.0\.0\.1:\d+$/);
    const wrong = [
      await accountToken(world.kube, "overseer-gitops"),
      await accountToken(world.kube, "overseer-gitops-leader", "deployer", world.namespace),
      "x.y.z",
    ];
    for (const token of wrong) {
      await writeFile(tokenFile, token);
      const { body } = await bob.send("GET", `${app("web")}/documents`);
      expect(body).to.deep.include({ status: 503, code: "NOT_READY" });
    }
    await leaderTokenFile(world);
    await bob.until<DesiredDocuments>(`${app("web")}/documents`, "answered again", ({ items }) => items.length === 2);
    const alice = await ApiClient.of(api, world.controlPlane.tokens.alice);
    expect((await alice.send("GET", `${app("web")}/documents`)).status).to.equal(404);
  });
});
