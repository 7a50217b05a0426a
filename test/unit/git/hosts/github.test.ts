import { expect } from "chai";
import type { GitHost } from "../../../../src/git/hosts/git-host.js";
import { CHANGE, forever, HostServer, openHost, STATUS } from "./support/host-server.js";

const R = "/api/v3/repos/team/shop";
const user = (login: string, id: number) => ({ login, id, type: "User" });

describe("the API of GitHub", () => {
  let server: HostServer;
  let host: GitHost;
  before(async () => {
    server = await HostServer.start();
    host = openHost("GitHub", `${server.origin}/api/v3`);
  });
  afterEach(() => server.take());
  after(() => server.stop());

  it("finds the merged pull requests of a commit, with the last review of each user", async () => {
    const review = (login: string, id: number, state: string, commit_id: string) => ({
      user: user(login, id),
      state,
      commit_id,
    });
    server.answers = {
      [`GET ${R}/commits/c0ffee/pulls?per_page=100`]: {
        json: [
          { number: 7, merged_at: "2026-05-01T10:00:00Z" },
          { number: 8, merged_at: null },
        ],
      },
      [`GET ${R}/pulls/7`]: {
        json: {
          ...{ number: 7, html_url: "https://git.example.com/team/shop/pull/7", merge_commit_sha: "c0ffee" },
          ...{ head: { sha: "beef" }, base: { ref: "main" }, user: user("ann", 1), merged_by: user("bob", 2) },
        },
      },
      [`GET ${R}/pulls/7/reviews?per_page=100`]: {
        json: [review("bob", 2, "CHANGES_REQUESTED", "f00d"), review("bob", 2, "APPROVED", "beef")],
        headers: { link: `<${server.origin}${R}/pulls/7/reviews?per_page=100&page=2>; rel="next", <x>; rel="last"` },
      },
      [`GET ${R}/pulls/7/reviews?per_page=100&page=2`]: {
        json: [
          ...[review("bob", 2, "COMMENTED", "beef"), review("eve", 3, "APPROVED", "beef")],
          ...[review("dan", 4, "PENDING", "beef"), { user: null, state: "APPROVED", commit_id: "beef" }],
        ],
      },
      [`GET ${R}/collaborators/bob/permission`]: { json: { permission: "write", role_name: "maintain" } },
      [`GET ${R}/collaborators/eve/permission`]: { json: { permission: "read", role_name: "read" } },
    };
    expect(await host.pullRequestsOf("c0ffee", forever)).to.deep.equal([
      {
        ...{ number: 7, url: "https://git.example.com/team/shop/pull/7", base: "main", head: "beef" },
        ...{ mergeCommit: "c0ffee", author: { name: "ann", id: "1" }, merger: { name: "bob", id: "2" } },
        reviews: [
          { user: { name: "bob", id: "2" }, state: "Approved", commit: "beef", canWrite: true },
          { user: { name: "eve", id: "3" }, state: "Approved", commit: "beef", canWrite: false },
        ],
      },
    ]);
    expect(server.requests[0]?.headers.authorization).to.equal("Bearer canary-token");
    expect(server.take()).to.have.length(6);
  });

  it("lists checks by their app, and the newest status of each context and user", async () => {
    const run = (name: string, status: string, conclusion: string | null, app: number) => ({
      name,
      status,
      conclusion,
      app: { id: app },
    });
    const status = (state: string, creator: object) => ({
      context: "ci",
      state,
      creator,
      target_url: "https://ci.example.com",
    });
    server.answers = {
      [`GET ${R}/commits/c0ffee/check-runs?per_page=100&filter=latest`]: {
        json: {
          total_count: 3,
          check_runs: [
            run("test", "completed", "success", 15368),
            run("test", "completed", "skipped", 99),
            run("lint", "in_progress", null, 15368),
          ],
        },
      },
      [`GET ${R}/commits/c0ffee/statuses?per_page=100`]: {
        json: [status("success", user("ci", 9)), status("failure", user("ci", 9)), status("failure", user("eve", 3))],
      },
    };
    const url = "https://ci.example.com";
    expect(await host.checksOf("c0ffee", forever)).to.deep.equal([
      { name: "test", app: "15368", conclusion: "Success" },
      { name: "test", app: "99", conclusion: "Skipped" },
      { name: "lint", app: "15368", conclusion: "Pending" },
      { name: "ci", app: "ci", conclusion: "Success", url },
      { name: "ci", app: "eve", conclusion: "Failure", url },
    ]);
  });

  it("sets a status with a description of at most 140 characters", async () => {
    server.answers = { [`POST ${R}/statuses/c0ffee`]: { status: 201, json: { id: 1 } } };
    await host.setStatus({ ...STATUS, targetUrl: "https://gitops.example.com" }, forever);
    const body = server.requests[0]?.body as Record<string, string>;
    expect(body).to.include({
      state: "failure",
      context: "overseer/shop/web",
      target_url: "https://gitops.example.com",
    });
    expect(body.description)
      .to.have.length(140)
      .and.to.match(/^RenderFailed: x+…$/);
    expect(server.take()).to.have.length(1);
  });

  it("comments on a pull request", async () => {
    server.answers = { [`POST ${R}/issues/7/comments`]: { status: 201, json: {} } };
    await host.comment(7, "**done**", forever);
    expect(server.requests[0]?.body).to.deep.equal({ body: "**done**" });
  });

  it("finds the open pull requests of a commit, lists comments on all pages, and edits one", async () => {
    const pull = (number: number, state: string, sha: string) => ({ number, state, head: { sha } });
    const comments = `${R}/issues/7/comments?per_page=100`;
    server.answers = {
      [`GET ${R}/commits/c0ffee/pulls?per_page=100`]: {
        json: [pull(7, "open", "c0ffee"), pull(8, "open", "beef"), pull(9, "closed", "c0ffee")],
      },
      "GET /api/v3/user": { json: { id: 5 } },
      [`GET ${comments}`]: {
        json: [{ id: 12, body: "b", user: { id: 5 } }],
        headers: { link: `<${server.origin}${comments}&page=2>; rel="next"` },
      },
      [`GET ${comments}&page=2`]: {
        json: [
          { id: 11, body: "a", user: { id: 6 } },
          { id: 10, body: "c", user: null },
        ],
      },
      [`PATCH ${R}/issues/comments/11`]: { json: {} },
    };
    expect(await host.planComments?.pullRequestsAt("c0ffee", forever)).to.deep.equal([7]);
    const own = [false, false, true].map((isOwn, index) => ({ id: 10 + index, body: "cab"[index], isOwn }));
    for (const _ of [1, 2]) expect(await host.planComments?.list(7, forever)).to.deep.equal(own);
    expect(server.requests.filter(({ path }) => path === "/api/v3/user")).to.have.length(1);
    await host.planComments?.edit(7, 11, "new", forever);
    expect(server.requests.at(-1)?.body).to.deep.equal({ body: "new" });
  });

  it("opens a pull request with one commit of several files, and finds it the second time", async () => {
    const pull = { number: 9, html_url: "https://git.example.com/team/shop/pull/9" };
    server.answers = {
      [`GET ${R}/git/ref/heads/main`]: { json: { object: { sha: "aaa" } } },
      [`GET ${R}/git/commits/aaa`]: { json: { tree: { sha: "ttt" } } },
      [`POST ${R}/git/trees`]: { status: 201, json: { sha: "uuu" } },
      [`POST ${R}/git/commits`]: { status: 201, json: { sha: "bbb" } },
      [`POST ${R}/git/refs`]: { status: 201, json: {} },
      [`POST ${R}/pulls`]: { status: 201, json: pull },
    };
    expect(await host.proposeChange(CHANGE, forever)).to.deep.equal({ number: 9, url: pull.html_url, created: true });
    const bodyOf = (path: string) =>
      server.requests.find((one) => one.method === "POST" && one.path === R + path)?.body;
    const blob = { mode: "100644", type: "blob" };
    expect(bodyOf("/git/trees")).to.deep.equal({
      base_tree: "ttt",
      tree: [
        { path: "apps/new.yaml", ...blob, content: "a: 1\n" },
        { path: "apps/web.yaml", ...blob, content: "b: 2\n" },
        { path: "apps/old.yaml", ...blob, sha: null },
      ],
    });
    expect(bodyOf("/git/commits")).to.deep.equal({ message: "Promote web", tree: "uuu", parents: ["aaa"] });
    expect(bodyOf("/git/refs")).to.deep.equal({ ref: "refs/heads/overseer/web", sha: "bbb" });
    server.take();
  });

  describe("with a branch of an earlier call", () => {
    const url = "https://git.example.com/team/shop/pull/9";
    const pull = (ref: string, repo = 1) => ({
      ...{
        number: 9,
        html_url: url,
        base: { ref, repo: { id: 1 } },
        head: { ref: "overseer/web", repo: { id: repo } },
      },
    });
    const commit = (tree: string, ...parents: string[]) => ({
      ...{ commit: { tree: { sha: tree } }, parents: parents.map((sha) => ({ sha })) },
    });
    const answer = (commits: readonly object[], pulls: readonly object[]) => {
      server.answers = {
        [`GET ${R}/git/ref/heads/overseer/web`]: { json: { object: { sha: "bbb" } } },
        [`GET ${R}/compare/main...overseer/web`]: { json: { ahead_by: commits.length, commits } },
        [`GET ${R}/git/commits/aaa`]: { json: { tree: { sha: "ttt" } } },
        [`POST ${R}/git/trees`]: { status: 201, json: { sha: "uuu" } },
        [`GET ${R}/pulls?state=open&head=team%3Aoverseer/web`]: { json: pulls },
        [`POST ${R}/pulls`]: { status: 201, json: { number: 10, html_url: url } },
      };
    };
    const propose = () => host.proposeChange(CHANGE, forever).catch((cause: Error) => cause.message);

    it("finds its pull request, and opens one if there is none to the base from this repository", async () => {
      answer([commit("uuu", "aaa")], [pull("main")]);
      expect(await propose()).to.deep.equal({ number: 9, url, created: false });
      for (const pulls of [[], [pull("release")], [pull("main", 2)]]) {
        answer([commit("uuu", "aaa")], pulls);
        expect(await propose(), JSON.stringify(pulls)).to.deep.equal({ number: 10, url, created: true });
      }
    });

    it("refuses it if it has anything but the change, even with an open pull request", async () => {
      for (const commits of [
        [],
        [commit("other", "aaa")],
        [commit("uuu", "aaa", "ccc")],
        [commit("x", "aaa"), commit("uuu", "x")],
      ]) {
        answer(commits, [pull("main")]);
        expect(await propose()).to.include(
          "overseer/web of team/shop exists, and is not one commit on main with exactly",
        );
      }
      expect(server.take()).to.not.include(`POST ${R}/pulls`);
    });
  });
});
