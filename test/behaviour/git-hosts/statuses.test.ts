import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { GiteaServer, type GiteaUser } from "../../support/gitea.js";
import type { TestObject } from "../../support/kube.js";
import { condition, configMap, type LiveApp, type LiveRepository, World } from "../../support/world.js";

/** A commit status as Gitea shows it. */
interface Shown {
  readonly context: string;
  readonly status: string;
  readonly description: string;
  readonly target_url: string;
}

const REQUESTS = 'overseer_git_host_requests_total{host="Gitea",operation="set_status",result="201"}';
const OPERATOR = [
  "--roles=controller,server",
  "--server-address=127.0.0.1:0",
  "--commit-status-url=https://gitops.example.com/apps/{namespace}/{name}",
];

/** The Secret and the GitRepository of the page. */
const [credential, repository] = yamlExamples<TestObject & { spec: { provider: unknown } }>("docs/git/hosts.md");
const api = credential?.metadata.name ?? "";

describe("commit statuses at Gitea", function () {
  this.timeout(180_000);
  let world: World;
  let gitea: GiteaServer;
  let ann: GiteaUser;
  const where = (): string => `/repos/${ann.name}/apps`;

  const secret = (name: string, stringData: Record<string, string>): Promise<unknown> =>
    world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: world.namespace }, stringData });
  const repositoryOf = (name: string, spec: Record<string, unknown>): Promise<unknown> =>
    world.kube.apply({
      apiVersion: "gitops.overseer.io/v1alpha1",
      kind: "GitRepository",
      metadata: { name, namespace: world.namespace },
      spec: { ref: { branch: "main" }, interval: "1h", ...spec },
    });

  /** Commits through the API of Gitea, and returns the commit. */
  const commit = async (files: Record<string, string>): Promise<string> => {
    const operations = [];
    for (const [path, content] of Object.entries(files)) {
      const known = await gitea.request<{ sha: string }>(ann, "GET", `${where()}/contents/${path}`);
      const version = known.status === 200 ? { operation: "update", sha: known.body.sha } : { operation: "create" };
      operations.push({ path, content: Buffer.from(content).toString("base64"), ...version });
    }
    const answer = await gitea.api<{ commit: { sha: string } }>(ann, "POST", `${where()}/contents`, {
      ...{ branch: "main", message: "change", files: operations },
    });
    return answer.commit.sha;
  };

  /** All statuses that were ever set for an app, oldest first. */
  const statuses = async (id: string, app: string): Promise<Shown[]> => {
    const all = await gitea.api<Shown[]>(ann, "GET", `${where()}/commits/${id}/statuses?sort=oldest&limit=50`);
    return all.filter(({ context }) => context === `overseer/${world.namespace}/${app}`);
  };
  const untilStatus = (id: string, app: string, status: string, timeoutMs = 60_000): Promise<Shown[]> =>
    waitUntil({ what: `${app} is ${status} at ${id.slice(0, 8)}`, timeoutMs }, async () => {
      const all = await statuses(id, app);
      return all.at(-1)?.status === status ? all : undefined;
    });
  /** Waits until the status of an app says that this success was reported: a crash before that repeats the report. */
  const noted = (app: string, id: string): Promise<unknown> =>
    world.kube.until<LiveApp>(world.appRef(app), "has what was reported", ({ status }) => {
      return status?.commitStatus?.state === "Success" && status.commitStatus.commit === id;
    });
  const reported = (name: string, status: string): Promise<LiveRepository> =>
    world.kube.until<LiveRepository>(
      world.repositoryRef(name),
      `StatusesReported=${status}`,
      (repository) => condition(repository, "StatusesReported")?.status === status,
    );

  before(async function () {
    const passwords: string[] = [];
    const password = (): string => passwords[passwords.push(`canary-${randomBytes(12).toString("hex")}`) - 1] ?? "";
    const server = await GiteaServer.start(password);
    if (server === undefined) return this.skip();
    gitea = server;
    world = await World.create("statuses", { operator: { flags: OPERATOR } });
    world.canaries.push(...passwords);
    const canary = (): string => world.canary();
    ann = await gitea.createUser("ann", canary);
    world.canaries.push(ann.token);
    await gitea.api(ann, "POST", "/user/repos", {
      name: "apps",
      private: true,
      auto_init: true,
      default_branch: "main",
    });
    const token = await gitea.createToken(ann, ["write:repository"]);
    world.canaries.push(token);
    await secret(api, { token });
    await commit({ "web/app.yaml": configMap("web", { v: "0" }), "base/app.yaml": configMap("base", { v: "0" }) });
    await repositoryOf("apps", {
      url: `${gitea.url}/${ann.name}/apps.git`,
      secretRef: { name: api },
      provider: repository?.spec.provider,
    });
  });

  after(async () => {
    await world?.remove();
    await gitea?.stop();
  });

  it("are pending while the app waits, success when it is healthy, and set once per transition", async () => {
    const id = (await world.poll("apps")).status?.commit?.id ?? "";
    await world.app("web", "apps", "web", { dependsOn: [{ name: "base" }] });
    const [pending] = await untilStatus(id, "web", "pending");
    expect(pending?.description).to.match(/^Dependencies: .*base/);
    expect(pending?.target_url).to.equal(`https://gitops.example.com/apps/${world.namespace}/web`);
    await world.app("base", "apps", "base");
    const base = await untilStatus(id, "base", "success");
    expect(base.at(-1)?.description).to.equal("Synced: applied, 1 object is healthy");
    const web = await untilStatus(id, "web", "success");
    await noted("web", id);
    for (const name of ["web", "base"]) await world.poke(name);
    expect(await statuses(id, "web"))
      .to.have.length(web.length)
      .and.to.have.length.within(2, 3);
    expect(await world.operator.freshMetric(REQUESTS)).to.equal(web.length + base.length);
    expect(condition(await reported("apps", "True"), "StatusesReported")?.reason).to.equal("AllReported");
  });

  it("follow a webhook that Gitea signs, and name what is wrong with a commit", async () => {
    const token = world.canary();
    await secret("hook", { token });
    await world.kube.patch(world.repositoryRef("apps"), { spec: { webhook: { secretRef: { name: "hook" } } } });
    await gitea.api(ann, "POST", `${where()}/hooks`, {
      ...{ type: "gitea", active: true, events: ["push"] },
      config: {
        ...{ content_type: "json", secret: token },
        url: `${await world.operator.webhooks()}/hooks/${world.namespace}/apps`,
      },
    });
    const good = await commit({ "web/app.yaml": configMap("web", { v: "1" }) });
    await world.synced("web", good);
    await untilStatus(good, "web", "success");
    expect(await statuses(good, "base"), "an app that the commit does not change").to.deep.equal([]);
    const bad = await commit({ "web/app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: [" });
    const failed = (await untilStatus(bad, "web", "failure")).at(-1);
    expect(failed?.description).to.match(/^RenderFailed: .*web\/app\.yaml/);
    const fixed = await commit({ "web/app.yaml": configMap("web", { v: "2" }) });
    await untilStatus(fixed, "web", "success");
    expect((await statuses(bad, "web")).map(({ status }) => status)).to.deep.equal(["failure"]);
  });

  it("end at a commit that is replaced before it was applied", async () => {
    const first = await commit({ "late/app.yaml": configMap("late", { v: "0" }) });
    await world.poll("apps");
    await world.app("late", "apps", "late", { dependsOn: [{ name: "missing" }] });
    await untilStatus(first, "late", "pending");
    const second = await commit({ "late/app.yaml": configMap("late", { v: "1" }) });
    await untilStatus(second, "late", "pending");
    const [, end, ...more] = await statuses(first, "late");
    expect(end).to.include({ status: "warning" });
    expect(end?.description).to.equal(`Superseded: replaced by commit ${second.slice(0, 12)} before it was applied`);
    expect(more).to.deep.equal([]);
    await world.kube.patch(world.appRef("late"), { spec: { dependsOn: null } });
    await untilStatus(second, "late", "success");
    await noted("late", second);
  });

  it("are not set again after a restart", async () => {
    await world.operator.stop("SIGKILL");
    await world.operator.start();
    await world.poll("apps");
    for (const name of ["web", "base"]) await world.poke(name);
    expect(await world.operator.freshMetric(REQUESTS)).to.equal(0);
    expect(condition((await reported("apps", "True")) as LiveRepository, "StatusesReported")?.status).to.equal("True");
  });

  it("do not delay a sync when the token lacks a scope, which the repository names", async () => {
    const token = await gitea.createToken(ann, ["read:repository"]);
    world.canaries.push(token);
    await secret(api, { token });
    const id = await commit({ "web/app.yaml": configMap("web", { v: "3" }) });
    await world.poll("apps");
    await world.synced("web", id);
    const { message, reason } = condition(await reported("apps", "False"), "StatusesReported") ?? {};
    expect(reason).to.equal("PermissionDenied");
    expect(message).to.include(`Secret ${world.namespace}/${api}`).and.to.include("the scope write:repository");
    expect(message).to.include(`app ${world.namespace}/web`);
    expect(condition(await world.poll("apps"), "Ready")?.status).to.equal("True");
    expect(
      (await world.told("apps", "PermissionDenied:")).filter((text) => text.startsWith("PermissionDenied:")),
    ).to.have.length(1);
    await secret(api, { token: await gitea.createToken(ann, ["write:repository"]) });
    await untilStatus(id, "web", "success");
    await reported("apps", "True");
  });

  it("are set with a token of its own for a repository that is cloned by a deploy key", async () => {
    const { privateKey, publicKey } = await gitea.keyPair();
    await gitea.api(ann, "POST", `${where()}/keys`, { title: "operator", key: publicKey, read_only: true });
    await secret("deploy-key", { identity: privateKey, known_hosts: await gitea.knownHosts() });
    const provider = { type: "Gitea", apiURL: `${gitea.url}/api/v1`, statuses: true };
    const url = `ssh://git@127.0.0.1:${gitea.sshPort}/${ann.name}/apps.git`;
    await repositoryOf("by-ssh", { url, secretRef: { name: "deploy-key" }, provider });
    const id = (await world.poll("by-ssh")).status?.commit?.id ?? "";
    await world.app("ssh", "by-ssh", "base", { sync: { adopt: "Always" }, destination: { kubernetes: {} } });
    const { message } = condition(await reported("by-ssh", "False"), "StatusesReported") ?? {};
    expect(message).to.include("spec.provider.secretRef");
    await repositoryOf("by-ssh", {
      ...{ url, secretRef: { name: "deploy-key" } },
      provider: { ...provider, secretRef: { name: api } },
    });
    await waitUntil({ what: "a status is set", timeoutMs: 60_000 }, async () => (await statuses(id, "ssh")).length > 0);
    await reported("by-ssh", "True");
  });

  describe("beside plans in comments", () => {
    const COMMENTS = 'overseer_git_host_requests_total{host="Gitea",operation="comment",result="200"}';
    let number: number;

    const change = async (branch: string, files: readonly object[], to = branch): Promise<string> => {
      const body = { branch, ...(to === branch ? {} : { new_branch: to }), message: "change", files };
      const { commit: made } = await gitea.api<{ commit: { sha: string } }>(ann, "POST", `${where()}/contents`, body);
      return made.sha;
    };
    const file = async (path: string, content: string | undefined, branch?: string): Promise<object> => {
      const known = branch === undefined ? undefined : `${where()}/contents/${path}?ref=${branch}`;
      const sha = known === undefined ? {} : { sha: (await gitea.api<{ sha: string }>(ann, "GET", known)).sha };
      if (content === undefined) return { operation: "delete", path, ...sha };
      const operation = branch === undefined ? "create" : "update";
      return { operation, path, content: Buffer.from(content).toString("base64"), ...sha };
    };
    const untilComment = (text: string): Promise<{ id: number; body: string }> =>
      waitUntil({ what: `one comment has ${text}`, timeoutMs: 60_000 }, async () => {
        const path = `${where()}/issues/${number}/comments`;
        const all = await gitea.api<{ id: number; body: string }[]>(ann, "GET", path);
        expect(all.length).to.be.at.most(1);
        return all.find(({ body }) => body.includes(text));
      });

    it("are one comment per app, with deletions first, updated until the Change ends", async () => {
      const token = await gitea.createToken(ann, ["write:repository", "write:issue", "read:user"]);
      world.canaries.push(token);
      await secret("commenter", { token });
      const files = [
        await file("plan/a.yaml", configMap("plan-a", { v: "1" })),
        await file("plan/b.yaml", configMap("plan-b", {})),
      ];
      const first = await change("main", files, "feature");
      await repositoryOf("pulls", {
        ...{ url: `${gitea.url}/${ann.name}/apps.git`, ref: { branch: "feature" }, secretRef: { name: "commenter" } },
        provider: { type: "Gitea", apiURL: `${gitea.url}/api/v1`, planComments: true },
      });
      await world.app("plan", "pulls", "plan");
      await world.synced("plan", first);
      await world.kube.patch(world.appRef("plan"), { spec: { sync: { mode: "Manual" } } });
      const pull = { head: "feature", base: "main", title: "Feature" };
      ({ number } = await gitea.api<{ number: number }>(ann, "POST", `${where()}/pulls`, pull));

      const password = world.canary();
      const database = JSON.stringify({
        ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "plan-db" } },
        stringData: { password },
      });
      const second = await change("feature", [
        await file("plan/a.yaml", configMap("plan-a", { v: "2" }), "feature"),
        await file("plan/b.yaml", undefined, "feature"),
        await file("plan/db.yaml", database),
      ]);
      await world.poll("pulls");
      const { id, body } = await untilComment(second.slice(0, 12));
      expect(body)
        .to.contain("**Waiting**")
        .and.match(/- delete ConfigMap \S*plan-b[\s\S]*! update ConfigMap \S*plan-a[\s\S]*data\.v: "1" → "2"/)
        .and.match(/\+ create Secret \S*plan-db/)
        .and.not.contain(password);
      await waitUntil({ what: "a plan that is the same costs no request", timeoutMs: 60_000 }, async () => {
        const before = await world.operator.freshMetric(COMMENTS);
        await world.poke("plan");
        await world.poke("plan");
        return (await world.operator.freshMetric(COMMENTS)) === before;
      });

      const third = await change("feature", [await file("plan/a.yaml", configMap("plan-a", { v: "3" }), "feature")]);
      await world.poll("pulls");
      expect((await untilComment(third.slice(0, 12))).id).to.equal(id);
      await world.kube.patch(world.appRef("plan"), { spec: { sync: { mode: "Automatic" } } });
      await world.synced("plan", third);
      expect((await untilComment("**Succeeded**")).id).to.equal(id);
    });
  });
});
