import { expect } from "chai";
import type { GitHost } from "../../../../src/git/hosts/git-host.js";
import { CHANGE, forever, HostServer, openHost, STATUS } from "./support/host-server.js";

const P = "/api/v4/projects/group%2Fteam%2Fshop";
const user = (username: string, id: number) => ({ username, id, name: username.toUpperCase() });

describe("the API of GitLab", () => {
  let server: HostServer;
  let host: GitHost;
  before(async () => {
    server = await HostServer.start();
    host = openHost("GitLab", `${server.origin}/api/v4`, { username: "oauth2", password: "canary-token" });
  });
  afterEach(() => server.take());
  after(() => server.stop());

  it("finds the merged merge requests of a commit, with approvals and who may push", async () => {
    server.answers = {
      [`GET ${P}/repository/commits/c0ffee/merge_requests?state=merged&per_page=100`]: {
        json: [
          {
            ...{ iid: 7, web_url: "https://git.example.com/mr/7", state: "merged", target_branch: "main", sha: "beef" },
            ...{
              merge_commit_sha: null,
              squash_commit_sha: "c0ffee",
              author: user("ann", 1),
              merge_user: user("bob", 2),
            },
          },
        ],
      },
      [`GET ${P}/merge_requests/7/approvals`]: {
        json: { approved_by: [{ user: user("bob", 2) }, { user: user("eve", 3) }] },
      },
      [`GET ${P}/members/all/2`]: { json: { access_level: 40 } },
      [`GET ${P}/members/all/3`]: { json: { access_level: 20 } },
    };
    expect(await host.pullRequestsOf("c0ffee", forever)).to.deep.equal([
      {
        ...{ number: 7, url: "https://git.example.com/mr/7", base: "main", head: "beef", mergeCommit: "c0ffee" },
        ...{ author: { name: "ann", id: "1" }, merger: { name: "bob", id: "2" } },
        reviews: [
          { user: { name: "bob", id: "2" }, state: "Approved", canWrite: true },
          { user: { name: "eve", id: "3" }, state: "Approved", canWrite: false },
        ],
      },
    ]);
    expect(server.requests[0]?.headers.authorization).to.equal("Bearer canary-token");
  });

  it("lists the statuses of a commit", async () => {
    const status = (name: string, state: string, more: object = {}) => ({
      name,
      status: state,
      author: user("ci", 9),
      ...more,
    });
    server.answers = {
      [`GET ${P}/repository/commits/c0ffee/statuses?per_page=100`]: {
        json: [
          status("test", "success"),
          status("lint", "failed", { allow_failure: true }),
          status("e2e", "running"),
          status("x", "odd"),
        ],
      },
    };
    const checks = await host.checksOf("c0ffee", forever);
    expect(checks.map(({ name, app, conclusion }) => `${name} ${app} ${conclusion}`)).to.deep.equal([
      ...["test ci Success", "lint ci Neutral", "e2e ci Pending", "x ci Failure"],
    ]);
  });

  it("sets a status, and takes it as set if it has this state already", async () => {
    server.answers = { [`POST ${P}/statuses/c0ffee`]: { status: 201, json: {} } };
    await host.setStatus(STATUS, forever);
    expect(server.requests[0]?.body).to.include({ state: "failed", name: "overseer/shop/web" });
    const message = "Cannot transition status via :drop from :failed";
    server.answers = { [`POST ${P}/statuses/c0ffee`]: { status: 400, json: { message } } };
    await host.setStatus(STATUS, forever);
    server.answers = { [`POST ${P}/statuses/c0ffee`]: { status: 400, json: { message: "state is invalid" } } };
    const error = await host.setStatus(STATUS, forever).catch((cause: Error) => cause.message);
    expect(error).to.include("the host rejects the request: state is invalid");
  });

  it("comments on a merge request", async () => {
    server.answers = { [`POST ${P}/merge_requests/7/notes`]: { status: 201, json: {} } };
    await host.comment(7, "done", forever);
    expect(server.requests[0]?.body).to.deep.equal({ body: "done" });
  });

  it("finds the open merge requests of a commit, lists notes, and edits one", async () => {
    const request = (iid: number, state: string, sha: string) => ({ iid, state, sha });
    server.answers = {
      [`GET ${P}/repository/commits/c0ffee/merge_requests?state=opened&per_page=100`]: {
        json: [request(7, "opened", "c0ffee"), request(8, "opened", "beef"), request(9, "merged", "c0ffee")],
      },
      "GET /api/v4/user": { json: { id: 5 } },
      [`GET ${P}/merge_requests/7/notes?sort=asc&order_by=created_at&per_page=100`]: {
        json: [5, 6].map((author, index) => ({ id: 11 + index, body: "a", author: { id: author } })),
      },
      [`PUT ${P}/merge_requests/7/notes/11`]: { json: {} },
    };
    expect(await host.planComments?.pullRequestsAt("c0ffee", forever)).to.deep.equal([7]);
    expect(await host.planComments?.list(7, forever)).to.deep.equal([
      { id: 11, body: "a", isOwn: true },
      { id: 12, body: "a", isOwn: false },
    ]);
    await host.planComments?.edit(7, 11, "new", forever);
    expect(server.requests.at(-1)?.body).to.deep.equal({ body: "new" });
  });

  it("opens a merge request with one commit of several files, and finds it the second time", async () => {
    const request = { iid: 9, web_url: "https://git.example.com/mr/9" };
    server.answers = {
      [`GET ${P}/repository/files/apps%2Fweb.yaml?ref=main`]: { json: { blob_id: "b" } },
      [`GET ${P}/repository/files/apps%2Fold.yaml?ref=main`]: { json: { blob_id: "o" } },
      [`POST ${P}/repository/commits`]: { status: 201, json: {} },
      [`POST ${P}/merge_requests`]: { status: 201, json: request },
    };
    expect(await host.proposeChange(CHANGE, forever)).to.deep.equal({ number: 9, url: request.web_url, created: true });
    expect(server.requests.find(({ path }) => path.endsWith("/repository/commits"))?.body).to.deep.equal({
      ...{ branch: "overseer/web", start_branch: "main", commit_message: "Promote web" },
      actions: [
        { action: "create", file_path: "apps/new.yaml", content: "a: 1\n" },
        { action: "update", file_path: "apps/web.yaml", content: "b: 2\n" },
        { action: "delete", file_path: "apps/old.yaml" },
      ],
    });
  });

  it("continues with a branch of an earlier call only if it has exactly the change", async () => {
    const request = { iid: 9, web_url: "https://git.example.com/mr/9", source_project_id: 1, target_project_id: 1 };
    const base64 = (text: string) => ({ json: { content: Buffer.from(text).toString("base64") } });
    const diffs = Object.keys(CHANGE.files).map((path) => ({ old_path: path, new_path: path }));
    const propose = (requests: readonly object[], commits: readonly string[][], paths = diffs, web = "b: 2\n") => {
      server.answers = {
        [`GET ${P}/repository/branches/overseer%2Fweb`]: { json: {} },
        [`GET ${P}/repository/compare?from=main&to=overseer%2Fweb`]: {
          json: { commits: commits.map((parents) => ({ parent_ids: parents })), diffs: paths },
        },
        [`GET ${P}/repository/files/apps%2Fnew.yaml?ref=overseer%2Fweb`]: base64("a: 1\n"),
        [`GET ${P}/repository/files/apps%2Fweb.yaml?ref=overseer%2Fweb`]: base64(web),
        [`GET ${P}/merge_requests?state=opened&source_branch=overseer%2Fweb&target_branch=main`]: { json: requests },
        [`POST ${P}/merge_requests`]: { status: 201, json: { ...request, iid: 10 } },
      };
      return host.proposeChange(CHANGE, forever).catch((cause: Error) => cause.message);
    };
    expect(await propose([request], [["aaa"]])).to.include({ number: 9, created: false });
    expect(await propose([], [["aaa"]])).to.include({ number: 10, created: true });
    expect(await propose([{ ...request, source_project_id: 2 }], [["aaa"]])).to.include({ number: 10, created: true });
    server.take();
    const refused = "exists, and is not one commit on main with exactly the proposed files";
    expect(await propose([request], [["aaa"], ["bbb"]])).to.include(refused);
    expect(await propose([request], [["aaa", "bbb"]])).to.include(refused);
    expect(await propose([request], [["aaa"]], [...diffs, { old_path: "x", new_path: "x" }])).to.include(refused);
    expect(await propose([request], [["aaa"]], diffs, "b: 3\n")).to.include(refused);
    expect(server.take()).to.not.include(`POST ${P}/merge_requests`);
  });
});
