import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { HostRules } from "../../../src/base/host-rules.js";
import { type GitHost, GitHosts } from "../../../src/git/index.js";
import { expectNoCanary } from "../../support/contracts.js";
import { GiteaServer, type GiteaUser } from "../../support/gitea.js";

const signal = new AbortController().signal;

describe("the API of a real Gitea", function () {
  this.timeout(180_000);
  let gitea: GiteaServer;
  let [ann, bob, eve]: GiteaUser[] = [];
  const where = "/repos/ann/apps";
  const requests: string[] = [];
  const hosts = new GitHosts({
    clock: systemClock,
    allowedHosts: new HostRules(undefined),
    observe: (host, operation, result) => requests.push(`${host} ${operation} ${result}`),
  });

  /** Opens the API with a token of these scopes. */
  const open = async (user: GiteaUser, ...scopes: readonly string[]): Promise<GitHost> => {
    const token = await gitea.createToken(user, scopes);
    const secret = { where: "Secret shop/api", data: { token: Buffer.from(token).toString("base64") } };
    return hosts.open({ url: `${gitea.url}/ann/apps.git`, provider: { type: "Gitea" }, secret });
  };
  const as = (user: GiteaUser | undefined): GiteaUser => user as GiteaUser;
  const commitOn = async (branch: string, path: string, more: object = {}): Promise<string> => {
    const files = [{ operation: "create", path, content: Buffer.from("x: 1\n").toString("base64") }];
    const body = {
      branch: "main",
      message: `add ${path}`,
      files,
      ...(branch === "main" ? {} : { new_branch: branch }),
      ...more,
    };
    const { commit } = await gitea.api<{ commit: { sha: string } }>(as(ann), "POST", `${where}/contents`, body);
    return commit.sha;
  };

  before(async function () {
    const server = await GiteaServer.start();
    if (server === undefined) return this.skip();
    gitea = server;
    [ann, bob, eve] = [await gitea.createUser("ann"), await gitea.createUser("bob"), await gitea.createUser("eve")];
    await gitea.api(ann, "POST", "/user/repos", { name: "apps", auto_init: true, default_branch: "main" });
    for (const [user, permission] of [
      [bob, "write"],
      [eve, "read"],
    ] as const)
      await gitea.api(ann, "PUT", `${where}/collaborators/${user.name}`, { permission });
  });

  after(async () => {
    hosts.close();
    await gitea?.stop();
  });

  it("tells who wrote, reviewed and merged what brought a commit, and who of them may write", async () => {
    const head = await commitOn("feature", "feature.yaml");
    const { number } = await gitea.api<{ number: number }>(as(ann), "POST", `${where}/pulls`, {
      ...{ head: "feature", base: "main", title: "Feature" },
    });
    for (const user of [bob, eve])
      await gitea.api(as(user), "POST", `${where}/pulls/${number}/reviews`, {
        event: "APPROVED",
        body: "good",
        commit_id: head,
      });
    await gitea.api(as(bob), "POST", `${where}/pulls/${number}/merge`, { Do: "merge" });
    const main = await gitea.api<{ commit: { id: string } }>(as(ann), "GET", `${where}/branches/main`);
    const host = await open(as(ann), "read:repository");
    const merge = main.commit.id;
    const [pull, ...others] = await host.pullRequestsOf(merge, signal);
    expect(others).to.deep.equal([]);
    expect(pull).to.deep.include({
      number,
      base: "main",
      head,
      mergeCommit: merge,
      url: `${gitea.url}/ann/apps/pulls/${number}`,
    });
    expect([pull?.author.name, pull?.merger?.name]).to.deep.equal(["ann", "bob"]);
    const reviews = pull?.reviews.map(({ user, state, commit, canWrite }) => [user.name, state, commit, canWrite]);
    expect(reviews).to.have.deep.members([
      ["bob", "Approved", head, true],
      ["eve", "Approved", head, false],
    ]);
    expect(await host.pullRequestsOf(await commitOn("main", "direct.yaml"), signal), "a push").to.deep.equal([]);
  });

  it("tells the newest status of each context, and sets one in place of another", async () => {
    const id = await commitOn("main", "status.yaml");
    const host = await open(as(bob), "write:repository");
    const status = { commit: id, context: "overseer/shop/web", description: `Waiting ${"x".repeat(400)}` } as const;
    await host.setStatus({ ...status, state: "Pending" }, signal);
    await host.setStatus({ ...status, state: "Success", targetUrl: "https://gitops.example.com/web" }, signal);
    await (await open(as(ann), "write:repository")).setStatus({ ...status, context: "ci", state: "Failure" }, signal);
    expect(await host.checksOf(id, signal)).to.have.deep.members([
      { name: "overseer/shop/web", app: "bob", conclusion: "Success", url: "https://gitops.example.com/web" },
      { name: "ci", app: "ann", conclusion: "Failure" },
    ]);
    const combined = await gitea.api<{ state: string }>(as(ann), "GET", `${where}/commits/${id}/status`);
    expect(combined.state).to.equal("failure");
  });

  it("opens a pull request with one commit, once, and comments on it", async () => {
    await commitOn("main", "old.yaml");
    const host = await open(as(bob), "write:repository", "write:issue");
    const change = {
      ...{
        branch: "overseer/promote-web",
        base: "main",
        message: "Promote web",
        title: "Promote web",
        body: "From staging.",
      },
      files: { "new/a.yaml": "a: 1\n", "direct.yaml": "b: 2\n", "old.yaml": null, "absent.yaml": null },
    };
    const first = await host.proposeChange(change, signal);
    expect(first).to.include({ created: true, url: `${gitea.url}/ann/apps/pulls/${first.number}` });
    expect(await host.proposeChange(change, signal)).to.deep.equal({ ...first, created: false });
    const files = await gitea.api<{ filename: string; status: string }[]>(
      as(ann),
      "GET",
      `${where}/pulls/${first.number}/files`,
    );
    expect(files.map(({ filename, status }) => `${status} ${filename}`)).to.have.members([
      ...["changed direct.yaml", "added new/a.yaml", "deleted old.yaml"],
    ]);
    const commits = await gitea.api<unknown[]>(as(ann), "GET", `${where}/pulls/${first.number}/commits`);
    expect(commits).to.have.length(1);
    await host.comment(first.number, "**planned**", signal);
    const comments = await gitea.api<{ body: string }[]>(as(ann), "GET", `${where}/issues/${first.number}/comments`);
    expect(comments.map(({ body }) => body)).to.deep.equal(["**planned**"]);

    await gitea.api(as(ann), "PATCH", `${where}/pulls/${first.number}`, { state: "closed" });
    const again = await host.proposeChange(change, signal);
    expect(again.created && again.number !== first.number, "the branch of before is used").to.equal(true);
    const create = (path: string) => ({ operation: "create", path, content: Buffer.from("a: 1\n").toString("base64") });
    const others = {
      branch: "main",
      new_branch: "overseer/others",
      message: "x",
      files: ["x.yaml", "y.yaml"].map(create),
    };
    await gitea.api(as(ann), "POST", `${where}/contents`, others);
    const onOthers = { ...change, branch: "overseer/others", files: { "x.yaml": "a: 1\n" } };
    const refused = await host.proposeChange(onOthers, signal).catch((error: Error) => error.message);
    expect(refused).to.contain("is not one commit on main with exactly the proposed files");
  });

  it("names what is missing: the scope, the role, the commit, the token", async () => {
    const status = { context: "x", description: "x", state: "Success" } as const;
    const commit = await commitOn("main", "messages.yaml");
    const told = async (host: GitHost, id = commit): Promise<string> =>
      host.setStatus({ ...status, commit: id }, signal).then(
        () => "no error",
        ({ code, message }) => `${code}: ${message}`,
      );
    expect(await told(await open(as(bob), "read:repository"))).to.match(
      /^GIT_PERMISSION_DENIED: .*the scope write:repository/,
    );
    expect(await told(await open(as(eve), "write:repository"))).to.match(
      /^GIT_PERMISSION_DENIED: .*write access to the repository/,
    );
    const host = await open(as(bob), "write:repository");
    // Gitea answers 500 for a commit that does not exist.
    expect(await told(host, "0".repeat(40))).to.match(/^GIT_(HOST_NOT_FOUND|SERVER_ERROR): /);
    const canary = "canary-of-a-token";
    const secret = { where: "Secret shop/api", data: { token: Buffer.from(canary).toString("base64") } };
    const wrong = await told(hosts.open({ url: `${gitea.url}/ann/apps.git`, provider: { type: "Gitea" }, secret }));
    expect(wrong).to.match(/^GIT_AUTH_FAILED: .*rejects the credential in Secret shop\/api/);
    expectNoCanary([canary], { "the message": wrong, "the metrics": requests.join("\n") });
  });
});
