import { expect } from "chai";
import type { GitHost } from "../../../../src/git/hosts/git-host.js";
import { CHANGE, forever, HostServer, openHost, STATUS } from "./support/host-server.js";

describe("the API of Bitbucket Cloud", () => {
  const R = "/2.0/repositories/team/shop";
  const user = (nickname: string) => ({ uuid: `{${nickname}}`, nickname, display_name: nickname.toUpperCase() });
  let server: HostServer;
  let host: GitHost;
  before(async () => {
    server = await HostServer.start();
    host = openHost("BitbucketCloud", `${server.origin}/2.0`, {
      username: "ann@example.com",
      password: "canary-token",
    });
  });
  afterEach(() => server.take());
  after(() => server.stop());

  it("finds the merged pull requests of a commit on all pages", async () => {
    const pull = (id: number, state: string) => ({
      ...{ id, state, links: { html: { href: `https://bitbucket.org/pr/${id}` } }, author: user("ann") },
      ...{ source: { commit: { hash: "beef" } }, destination: { branch: { name: "main" } } },
      ...{ merge_commit: { hash: "c0ffee" }, closed_by: user("bob") },
      participants: [
        { user: user("bob"), approved: true, state: "approved" },
        { user: user("eve"), approved: true, state: "approved" },
        { user: user("dan"), approved: false, state: null },
      ],
    });
    server.answers = {
      [`GET ${R}/commit/c0ffee/pullrequests?pagelen=50`]: {
        json: { values: [{ id: 7 }], next: `${server.origin}${R}/commit/c0ffee/pullrequests?pagelen=50&page=2` },
      },
      [`GET ${R}/commit/c0ffee/pullrequests?pagelen=50&page=2`]: { json: { values: [{ id: 8 }] } },
      [`GET ${R}/pullrequests/7`]: { json: pull(7, "MERGED") },
      [`GET ${R}/pullrequests/8`]: { json: pull(8, "DECLINED") },
      [`GET ${R}/permissions-config/users/%7Bbob%7D`]: { json: { permission: "write" } },
      [`GET ${R}/permissions-config/users/%7Beve%7D`]: { status: 403, json: { error: { message: "admins only" } } },
    };
    expect(await host.pullRequestsOf("c0ffee", forever)).to.deep.equal([
      {
        ...{ number: 7, url: "https://bitbucket.org/pr/7", base: "main", head: "beef", mergeCommit: "c0ffee" },
        ...{
          author: { name: "ann", id: "{ann}", isNameFree: true },
          merger: { name: "bob", id: "{bob}", isNameFree: true },
        },
        reviews: [
          { user: { name: "bob", id: "{bob}", isNameFree: true }, state: "Approved", canWrite: true },
          { user: { name: "eve", id: "{eve}", isNameFree: true }, state: "Approved" },
        ],
      },
    ]);
    const basic = Buffer.from("ann@example.com:canary-token").toString("base64");
    expect(server.requests[0]?.headers.authorization).to.equal(`Basic ${basic}`);
  });

  it("sends an access token without a user as Bearer", async () => {
    server.answers = { [`GET ${R}/commit/c0ffee/statuses?pagelen=100`]: { json: { values: [] } } };
    const data = { username: "x-token-auth", password: "canary-token" };
    await openHost("BitbucketCloud", `${server.origin}/2.0`, data).checksOf("c0ffee", forever);
    expect(server.requests[0]?.headers.authorization).to.equal("Bearer canary-token");
  });

  it("lists the statuses of a commit", async () => {
    const values = [
      ["a", "SUCCESSFUL"],
      ["b", "INPROGRESS"],
      ["c", "STOPPED"],
      ["d", "FAILED"],
    ].map(([key, state]) => ({ key, state }));
    server.answers = { [`GET ${R}/commit/c0ffee/statuses?pagelen=100`]: { json: { values } } };
    const checks = await host.checksOf("c0ffee", forever);
    expect(checks.map(({ conclusion }) => conclusion)).to.deep.equal(["Success", "Pending", "Canceled", "Failure"]);
  });

  it("sets a status with a unique key of at most 40 characters, and a URL", async () => {
    server.answers = { [`POST ${R}/commit/c0ffee/statuses/build`]: { status: 201, json: {} } };
    const context = (name: string) => `overseer/a-rather-long-namespace/${name}-of-the-shop`;
    for (const name of ["web", "web2"]) await host.setStatus({ ...STATUS, context: context(name) }, forever);
    const [one, two] = server.requests.map(({ body }) => body as Record<string, string>);
    expect(one).to.include({
      state: "FAILED",
      name: context("web"),
      url: "https://bitbucket.org/team/shop/commits/c0ffee",
    });
    expect(one?.key).to.have.length(40).and.not.to.equal(two?.key);
  });

  it("comments on a pull request", async () => {
    server.answers = { [`POST ${R}/pullrequests/7/comments`]: { status: 201, json: {} } };
    await host.comment(7, "done", forever);
    expect(server.requests[0]?.body).to.deep.equal({ content: { raw: "done" } });
  });

  it("opens a pull request with one commit of several files, and finds it the second time", async () => {
    const pull = { id: 9, links: { html: { href: "https://bitbucket.org/pr/9" } } };
    server.answers = {
      [`GET ${R}/refs/branches/main`]: { json: { target: { hash: "aaa" } } },
      [`POST ${R}/src`]: { status: 201, text: "" },
      [`POST ${R}/pullrequests`]: { status: 201, json: pull },
    };
    expect(await host.proposeChange(CHANGE, forever)).to.deep.equal({
      number: 9,
      url: "https://bitbucket.org/pr/9",
      created: true,
    });
    const form = new URLSearchParams(server.requests.find(({ path }) => path === `${R}/src`)?.body as string);
    expect([...form]).to.deep.equal([
      ...[
        ["branch", "overseer/web"],
        ["message", "Promote web"],
        ["parents", "aaa"],
      ],
      ...[
        ["/apps/new.yaml", "a: 1\n"],
        ["/apps/web.yaml", "b: 2\n"],
        ["files", "apps/old.yaml"],
      ],
    ]);
    server.answers = {
      [`GET ${R}/refs/branches/overseer%2Fweb`]: { json: { target: { hash: "bbb" } } },
      [`GET ${R}/pullrequests?state=OPEN&q=source.branch.name%3D%22overseer%2Fweb%22`]: { json: { values: [pull] } },
    };
    expect(await host.proposeChange(CHANGE, forever)).to.include({ number: 9, created: false });
  });
});

describe("the API of Bitbucket Data Center", () => {
  const R = "/rest/api/latest/projects/ab/repos/shop";
  const user = (name: string, id: number) => ({ name, id, displayName: name.toUpperCase() });
  let server: HostServer;
  let host: GitHost;
  before(async () => {
    server = await HostServer.start();
    host = openHost("BitbucketDataCenter", `${server.origin}/rest`);
  });
  afterEach(() => server.take());
  after(() => server.stop());

  it("finds the merged pull requests of a commit, with the reviewed commit and who merged", async () => {
    server.answers = {
      [`GET ${R}/commits/c0ffee/pull-requests?limit=100`]: {
        json: { isLastPage: false, nextPageStart: 100, values: [] },
      },
      [`GET ${R}/commits/c0ffee/pull-requests?limit=100&start=100`]: {
        json: {
          isLastPage: true,
          values: [
            {
              ...{ id: 7, state: "MERGED", fromRef: { latestCommit: "beef" }, toRef: { displayId: "main" } },
              ...{ author: { user: user("ann", 1) }, links: { self: [{ href: "https://git.example.com/pr/7" }] } },
              properties: { mergeCommit: { id: "c0ffee" } },
              reviewers: [
                { user: user("bob", 2), status: "APPROVED", lastReviewedCommit: "beef" },
                { user: user("eve", 3), status: "NEEDS_WORK" },
                { user: user("dan", 4), status: "UNAPPROVED" },
              ],
            },
          ],
        },
      },
      [`GET ${R}/pull-requests/7/activities?limit=100`]: {
        json: {
          isLastPage: true,
          values: [
            { action: "APPROVED", user: user("bob", 2) },
            { action: "MERGED", user: user("bob", 2) },
          ],
        },
      },
      [`GET ${R}/permissions/users?filter=bob&limit=100`]: {
        json: { values: [{ user: user("bob", 2), permission: "REPO_WRITE" }] },
      },
      [`GET ${R}/permissions/users?filter=eve&limit=100`]: { status: 401, json: { errors: [{ message: "no" }] } },
    };
    expect(await host.pullRequestsOf("c0ffee", forever)).to.deep.equal([
      {
        ...{ number: 7, url: "https://git.example.com/pr/7", base: "main", head: "beef", mergeCommit: "c0ffee" },
        ...{ author: { name: "ann", id: "1" }, merger: { name: "bob", id: "2" } },
        reviews: [
          { user: { name: "bob", id: "2" }, state: "Approved", commit: "beef", canWrite: true },
          { user: { name: "eve", id: "3" }, state: "ChangesRequested" },
        ],
      },
    ]);
  });

  it("lists builds, sets a status and comments", async () => {
    server.answers = {
      "GET /rest/build-status/latest/commits/c0ffee?limit=100": {
        json: { isLastPage: true, values: [{ key: "ci", state: "SUCCESSFUL", url: "https://ci" }] },
      },
      [`POST ${R}/commits/c0ffee/builds`]: { status: 204, text: "" },
      [`POST ${R}/pull-requests/7/comments`]: { status: 201, json: {} },
    };
    expect(await host.checksOf("c0ffee", forever)).to.deep.equal([
      { name: "ci", conclusion: "Success", url: "https://ci" },
    ]);
    await host.setStatus({ ...STATUS, state: "Canceled" }, forever);
    await host.comment(7, "done", forever);
    const [, status, comment] = server.requests.map(({ body }) => body as Record<string, string>);
    expect(status).to.include({
      key: "overseer/shop/web",
      state: "CANCELLED",
      url: "https://git.example.com/projects/ab/repos/shop/commits/c0ffee",
    });
    expect(status?.description).to.have.length(255);
    expect(comment).to.deep.equal({ text: "done" });
  });

  it("opens a pull request once, with a commit for each file, even after a crash", async () => {
    const { "apps/old.yaml": _, ...files } = CHANGE.files;
    const change = { ...CHANGE, files };
    const pull = { id: 9, state: "OPEN", links: { self: [{ href: "https://git.example.com/pr/9" }] } };
    const branches = (name: string, ...tips: readonly (readonly [string, string])[]) => ({
      [`GET ${R}/branches?filterText=${name}&limit=100`]: {
        json: { values: tips.map(([id, latestCommit]) => ({ id: `refs/heads/${id}`, latestCommit })) },
      },
    });
    const pulls = `GET ${R}/pull-requests?direction=OUTGOING&state=ALL&at=refs%2Fheads%2Foverseer%2Fweb&limit=100`;
    server.answers = {
      ...branches("overseer%2Fweb", ["overseer/web2", "ccc"]),
      ...branches("main", ["maintenance", "ddd"], ["main", "aaa"]),
      [`PUT ${R}/browse/apps/new.yaml`]: { json: { id: "bb1" } },
      [`GET ${R}/browse/apps/web.yaml?at=bb1&type=true`]: { json: { type: "FILE" } },
      [`PUT ${R}/browse/apps/web.yaml`]: { json: { id: "bb2" } },
      [`POST ${R}/pull-requests`]: { status: 201, json: pull },
    };
    const opened = { number: 9, url: "https://git.example.com/pr/9", created: true };
    expect(await host.proposeChange(change, forever)).to.deep.equal(opened);
    const fields = (body: unknown) =>
      Object.fromEntries(
        [...String(body).matchAll(/name="(\w+)"\r\n\r\n([\s\S]*?)\r\n--/g)].map(([, name, value]) => [name, value]),
      );
    const [first, second] = server.requests.filter(({ method }) => method === "PUT");
    const common = { branch: "overseer/web", sourceBranch: "main", message: "Promote web" };
    expect(first?.headers["content-type"]).to.match(/^multipart\/form-data; boundary=/);
    expect(fields(first?.body)).to.deep.equal({ ...common, content: "a: 1\n" });
    expect(fields(second?.body)).to.deep.equal({ ...common, sourceCommitId: "bb1", content: "b: 2\n" });
    expect(server.requests.at(-1)?.body).to.deep.include({
      fromRef: { id: "refs/heads/overseer/web", repository: { slug: "shop", project: { key: "ab" } } },
    });
    server.answers = { ...branches("overseer%2Fweb", ["overseer/web", "bb2"]), [pulls]: { json: { values: [pull] } } };
    expect(await host.proposeChange(change, forever)).to.deep.equal({ ...opened, created: false });
    server.take();
    server.answers = {
      ...branches("overseer%2Fweb", ["overseer/web", "bb1"]),
      ...branches("main", ["main", "aaa"]),
      [pulls]: { json: { values: [] } },
      [`GET ${R}/commits?since=aaa&until=bb1&limit=100`]: { json: { values: [{ id: "bb1" }] } },
      [`GET ${R}/browse/apps/web.yaml?at=bb1&type=true`]: { json: { type: "FILE" } },
      [`PUT ${R}/browse/apps/web.yaml`]: { json: { id: "bb2" } },
      [`POST ${R}/pull-requests`]: { status: 201, json: pull },
    };
    expect(await host.proposeChange(change, forever)).to.deep.equal(opened);
    server.answers = {
      ...branches("overseer%2Fweb", ["overseer/web", "bb2"]),
      [pulls]: { json: { values: [{ ...pull, state: "DECLINED" }] } },
    };
    const refused = await host.proposeChange(change, forever).catch((cause: Error) => cause.message);
    expect(refused).to.include("exists and has no open pull request; delete the branch");
    const deletes = await host.proposeChange(CHANGE, forever).catch((cause: Error) => cause.message);
    expect(deletes).to.include("cannot delete apps/old.yaml; delete it with Git");
  });
});
