import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { GiteaServer, type GiteaUser } from "../../support/gitea.js";
import { condition, configMap, type LiveApp, World } from "../../support/world.js";

const REPO = "/repos/ann/apps";

describe("The gates review and checks, with a real Gitea", function () {
  this.timeout(180_000);
  let world: World;
  let gitea: GiteaServer;
  let ann: GiteaUser;
  let bob: GiteaUser;
  let ci: GiteaUser;

  before(async function () {
    const server = await GiteaServer.start();
    if (server === undefined) return this.skip();
    gitea = server;
    [ann, bob, ci] = [await gitea.createUser("ann"), await gitea.createUser("bob"), await gitea.createUser("ci-bot")];
    await gitea.api(ann, "POST", "/user/repos", { name: "apps", auto_init: true, default_branch: "main" });
    for (const { name } of [bob, ci])
      await gitea.api(ann, "PUT", `${REPO}/collaborators/${name}`, { permission: "write" });
    world = await World.create("review");
    await world.kube.apply({
      ...{ apiVersion: API_VERSION, kind: "Environment", metadata: { name: world.namespace } },
      spec: {
        namespaces: [{ name: world.namespace }],
        gates: { review: { required: 1 }, checks: [{ name: "ci", app: "ci-bot" }] },
      },
    });
    const token = await gitea.createToken(ann, ["read:repository"]);
    await world.kube.apply({
      ...{ apiVersion: "v1", kind: "Secret", metadata: { name: "api", namespace: world.namespace } },
      stringData: { token },
    });
    world.canaries.push(token);
    await change("1", { review: true });
    await useHost();
    await world.app("web", "apps", "web");
  });
  after(async () => {
    await world?.kube.delete({ apiVersion: API_VERSION, kind: "Environment", name: world.namespace });
    await world?.remove();
    await gitea?.stop();
  });

  const useHost = async (more: object = {}): Promise<void> => {
    await world.kube.apply({
      ...{ apiVersion: API_VERSION, kind: "GitRepository", metadata: { name: "apps", namespace: world.namespace } },
      spec: {
        ...{ url: `${gitea.url}/ann/apps.git`, ref: { branch: "main" }, interval: "1h" },
        provider: { type: "Gitea", secretRef: { name: "api" }, ...more },
      },
    });
  };
  /** Writes a file of main, or of a new branch. Returns the commit. */
  const write = async (path: string, text: string, branch?: string): Promise<string> => {
    const at = `${REPO}/contents/${path}`;
    const { status, body } = await gitea.request<{ sha?: string }>(ann, "GET", `${at}?ref=main`);
    const file = { content: Buffer.from(text).toString("base64"), branch: "main", message: `write ${path}` };
    const more = { ...(branch ? { new_branch: branch } : {}), ...(status === 200 ? { sha: body.sha } : {}) };
    const { commit } = await gitea.api<{ commit: { sha: string } }>(ann, status === 200 ? "PUT" : "POST", at, {
      ...{ ...file, ...more },
    });
    return commit.sha;
  };
  const passChecks = (commit: string, by: GiteaUser): Promise<unknown> =>
    gitea.api(by, "POST", `${REPO}/statuses/${commit}`, { state: "success", context: "ci" });
  /** Brings a value, or another ConfigMap, to main by a pull request. Returns the merge commit. */
  const change = async (
    a: string,
    { review, name = "web", check = ci }: { review: boolean; name?: string; check?: GiteaUser },
  ): Promise<string> => {
    const branch = `change-${a}`;
    const head = await write(name === "web" ? "web/c.yaml" : `web/${name}.yaml`, configMap(name, { a }), branch);
    const { number } = await gitea.api<{ number: number }>(ann, "POST", `${REPO}/pulls`, {
      ...{ head: branch, base: "main", title: a },
    });
    if (review)
      await gitea.api(bob, "POST", `${REPO}/pulls/${number}/reviews`, {
        event: "APPROVED",
        body: "ok",
        commit_id: head,
      });
    await gitea.api(ann, "POST", `${REPO}/pulls/${number}/merge`, { Do: "merge" });
    const { commit } = await gitea.api<{ commit: { id: string } }>(ann, "GET", `${REPO}/branches/main`);
    await passChecks(commit.id, check);
    return commit.id;
  };
  const untilWaits = (text: string | RegExp): Promise<LiveApp> =>
    world.kube.until<LiveApp>(
      world.appRef("web"),
      `waits: ${text}`,
      (app) => new RegExp(text).test(condition(app, "Waiting")?.message ?? ""),
      60_000,
    );
  const data = async (): Promise<unknown> => (await world.kube.get(world.configMap("web")))?.data;

  it("apply what came by a reviewed pull request and was tested", async () => {
    await world.synced("web");
    expect(await data()).to.deep.equal({ a: "1" });
  });

  it("hold a push, also below a reviewed pull request, until it is reverted, and ask little meanwhile", async () => {
    const pushed = await write("web/c.yaml", configMap("web", { a: "2" }));
    await passChecks(pushed, ci);
    await world.poll("apps");
    await untilWaits(`review: commit ${pushed.slice(0, 12)} did not come by a pull request to main`);
    const harmless = await change("harmless", { review: true, name: "d" });
    await world.poll("apps");
    await world.kube.until<LiveApp>(
      world.appRef("web"),
      "judged the newest commit",
      ({ status }) => status?.attempted?.commit === harmless,
      60_000,
    );
    const text = `review: commit ${pushed.slice(0, 12)} did not come by a pull request to main`;
    await untilWaits(text);
    const before = await requests();
    for (let count = 0; count < 5; count++) await world.poke("web");
    expect((await requests()) - before, "answers are shared and kept").to.equal(0);
    expect(await data()).to.deep.equal({ a: "1" });
    await gitea.api(ann, "DELETE", `${REPO}/contents/web/d.yaml`, {
      ...{ branch: "main", message: "remove d" },
      sha: (await gitea.api<{ sha: string }>(ann, "GET", `${REPO}/contents/web/d.yaml?ref=main`)).sha,
    });
    await write("web/c.yaml", configMap("web", { a: "1" }));
    const good = await change("3", { review: true });
    await world.poll("apps");
    await world.synced("web", good);
    expect(await data()).to.deep.equal({ a: "3" });
  });

  it("hold what nobody has reviewed, a check that another user has reported, and everything while the host cannot be asked", async () => {
    await change("4", { review: false, check: ann });
    await world.poll("apps");
    await untilWaits("with 0 of 1 required approvals");
    await untilWaits("check ci was reported by ann, not by ci-bot");
    await useHost({ apiURL: "http://127.0.0.1:1/api/v1" });
    await world.poll("apps");
    await untilWaits("review: .*127.0.0.1:1");
    expect(await data()).to.deep.equal({ a: "3" });
  });

  const requests = async (): Promise<number> => {
    const text = await (await fetch(`${await world.operator.address()}/metrics`)).text();
    const lines = text.split("\n").filter((line) => line.startsWith("overseer_git_host_requests_total"));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  };
});
