import { expect } from "chai";
import type { GitHost } from "../../../../src/git/hosts/git-host.js";
import { CHANGE, forever, HostServer, openHost, STATUS } from "./support/host-server.js";

const R = "/org/My%20Project/_apis/git/repositories/shop";
const V = "api-version=7.1";
const user = (name: string, more: object = {}) => ({
  id: `id-${name}`,
  uniqueName: `${name}@example.com`,
  displayName: name,
  ...more,
});

describe("the API of Azure DevOps", () => {
  let server: HostServer;
  let host: GitHost;
  before(async () => {
    server = await HostServer.start();
    host = openHost("AzureDevOps", `${server.origin}/org`);
  });
  afterEach(() => server.take());
  after(() => server.stop());

  it("finds the completed pull requests of a commit, with the votes of people", async () => {
    server.answers = {
      [`POST ${R}/pullrequestquery?${V}`]: {
        json: {
          results: [{ c0ffee: [{ pullRequestId: 7 }] }, { c0ffee: [{ pullRequestId: 7 }, { pullRequestId: 8 }] }],
        },
      },
      [`GET ${R}/pullrequests/7?${V}`]: {
        json: {
          ...{ pullRequestId: 7, status: "completed", targetRefName: "refs/heads/main", createdBy: user("ann") },
          ...{
            lastMergeSourceCommit: { commitId: "beef" },
            lastMergeCommit: { commitId: "c0ffee" },
            closedBy: user("bob"),
          },
          reviewers: [
            user("bob", { vote: 10 }),
            user("eve", { vote: -5 }),
            user("dan", { vote: 0 }),
            user("team", { vote: 10, isContainer: true }),
          ],
        },
      },
      [`GET ${R}/pullrequests/8?${V}`]: {
        json: {
          pullRequestId: 8,
          status: "active",
          targetRefName: "refs/heads/main",
          createdBy: user("ann"),
          reviewers: [],
        },
      },
    };
    expect(await host.pullRequestsOf("c0ffee", forever)).to.deep.equal([
      {
        ...{ number: 7, url: "https://dev.azure.com/org/My%20Project/_git/shop/pullrequest/7", base: "main" },
        ...{ head: "beef", mergeCommit: "c0ffee" },
        author: { name: "ann@example.com", id: "id-ann" },
        merger: { name: "bob@example.com", id: "id-bob" },
        reviews: [
          { user: { name: "bob@example.com", id: "id-bob" }, state: "Approved" },
          { user: { name: "eve@example.com", id: "id-eve" }, state: "ChangesRequested" },
        ],
      },
    ]);
    const basic = Buffer.from("x-access-token:canary-token").toString("base64");
    expect(server.requests[0]?.headers.authorization).to.equal(`Basic ${basic}`);
  });

  it("lists statuses, sets one and comments", async () => {
    const status = (name: string, state: string) => ({ state, context: { genre: "ci", name }, createdBy: user("ci") });
    server.answers = {
      [`GET ${R}/commits/c0ffee/statuses?latestOnly=true&top=1000&${V}`]: {
        json: { value: [status("a", "succeeded"), status("b", "error")] },
      },
      [`POST ${R}/commits/c0ffee/statuses?${V}`]: { status: 201, json: {} },
      [`POST ${R}/pullRequests/7/threads?${V}`]: { json: {} },
    };
    const checks = await host.checksOf("c0ffee", forever);
    expect(checks.map(({ name, app, conclusion }) => `${name} ${app} ${conclusion}`)).to.deep.equal([
      ...["ci/a ci@example.com Success", "ci/b ci@example.com Failure"],
    ]);
    await host.setStatus({ ...STATUS, state: "Success", targetUrl: "https://gitops.example.com" }, forever);
    await host.comment(7, "done", forever);
    const [, set, comment] = server.requests.map(({ body }) => body as Record<string, unknown>);
    expect(set).to.deep.include({
      state: "succeeded",
      context: { genre: "overseer", name: "shop/web" },
      targetUrl: "https://gitops.example.com",
    });
    expect(comment?.comments).to.deep.equal([{ parentCommentId: 0, content: "done", commentType: "text" }]);
  });

  it("opens a pull request with one commit of several files, and finds it the second time", async () => {
    const refs = (...names: string[]) => ({
      json: { value: names.map((name) => ({ name: `refs/heads/${name}`, objectId: "aaa" })) },
    });
    const item = (path: string) =>
      `GET ${R}/items?scopePath=%2Fapps%2F${path}&versionDescriptor.version=main&versionDescriptor.versionType=branch&${V}`;
    server.answers = {
      // The filter is a prefix.
      [`GET ${R}/refs?filter=heads%2Foverseer%2Fweb&${V}`]: refs("overseer/web-2"),
      [`GET ${R}/refs?filter=heads%2Fmain&${V}`]: refs("main"),
      [item("web.yaml")]: { json: { value: [{ path: "/apps/web.yaml" }] } },
      [item("old.yaml")]: { json: { value: [{ path: "/apps/old.yaml" }] } },
      [`POST ${R}/pushes?${V}`]: { status: 201, json: {} },
      [`POST ${R}/pullrequests?${V}`]: { status: 201, json: { pullRequestId: 9 } },
    };
    const url = "https://dev.azure.com/org/My%20Project/_git/shop/pullrequest/9";
    expect(await host.proposeChange(CHANGE, forever)).to.deep.equal({ number: 9, url, created: true });
    const content = (text: string) => ({ newContent: { content: text, contentType: "rawtext" } });
    expect(server.requests.find(({ path }) => path.includes("/pushes"))?.body).to.deep.equal({
      refUpdates: [{ name: "refs/heads/overseer/web", oldObjectId: "aaa" }],
      commits: [
        {
          comment: "Promote web",
          changes: [
            { changeType: "add", item: { path: "/apps/new.yaml" }, ...content("a: 1\n") },
            { changeType: "edit", item: { path: "/apps/web.yaml" }, ...content("b: 2\n") },
            { changeType: "delete", item: { path: "/apps/old.yaml" } },
          ],
        },
      ],
    });
    server.answers = {
      [`GET ${R}/refs?filter=heads%2Foverseer%2Fweb&${V}`]: refs("overseer/web"),
      [`GET ${R}/pullrequests?searchCriteria.status=active&searchCriteria.sourceRefName=refs%2Fheads%2Foverseer%2Fweb&${V}`]:
        {
          json: { value: [{ pullRequestId: 9 }] },
        },
    };
    expect(await host.proposeChange(CHANGE, forever)).to.deep.equal({ number: 9, url, created: false });
  });
});
