import { expect } from "chai";
import { CHANGE, forever, HostServer, openHost } from "./support/host-server.js";

describe("pull requests that are updated in place", () => {
  let server: HostServer;
  before(async () => {
    server = await HostServer.start();
  });
  afterEach(() => server.take());
  after(() => server.stop());

  const change = { ...CHANGE, baseCommit: "bbb" };
  const open = (type: "GitHub" | "GitLab") => {
    const { proposals } = openHost(type, `${server.origin}/api`, { username: "oauth2", password: "canary-token" });
    if (proposals === undefined) throw new Error(`${type} has no proposals`);
    return proposals;
  };

  it("are replaced at GitHub by one commit on their base, and closed with their branch", async () => {
    const R = "/api/repos/team/shop";
    const pull = { state: "closed", merged: true, head: { sha: "hhh", ref: "overseer/web" } };
    server.answers = {
      [`GET ${R}/pulls/9`]: { json: pull },
      [`GET ${R}/git/commits/bbb`]: { json: { tree: { sha: "ttt" } } },
      [`POST ${R}/git/trees`]: { json: { sha: "uuu" } },
      [`POST ${R}/git/commits`]: { json: { sha: "ccc" } },
      [`PATCH ${R}/git/refs/heads/overseer/web`]: { json: {} },
      [`PATCH ${R}/pulls/9`]: { json: {} },
      [`DELETE ${R}/git/refs/heads/overseer/web`]: { status: 204, text: "" },
    };
    const proposals = open("GitHub");
    expect(await proposals.get(9, forever)).to.deep.equal({ state: "Merged", branch: "overseer/web", head: "hhh" });
    expect(await proposals.get(10, forever)).to.equal(undefined);
    server.take();
    await proposals.update(9, change, forever);
    const sent = server.requests.map(({ method, path, body }) => [`${method} ${path.slice(R.length)}`, body]);
    expect(sent.slice(2)).to.deep.equal([
      ["POST /git/commits", { message: "Promote web", tree: "uuu", parents: ["bbb"] }],
      ["PATCH /git/refs/heads/overseer/web", { sha: "ccc", force: true }],
      ["PATCH /pulls/9", { title: CHANGE.title, body: CHANGE.body }],
    ]);
    server.take();
    await proposals.close(9, "overseer/web", forever);
    expect(server.take()).to.deep.equal([`PATCH ${R}/pulls/9`, `DELETE ${R}/git/refs/heads/overseer/web`]);
  });

  it("are replaced at GitLab in the same way", async () => {
    const P = "/api/projects/group%2Fteam%2Fshop";
    server.answers = {
      [`GET ${P}/merge_requests/9`]: { json: { state: "opened", source_branch: "overseer/web", sha: "hhh" } },
      [`GET ${P}/repository/files/apps%2Fweb.yaml?ref=bbb`]: { json: { blob_id: "1" } },
      [`POST ${P}/repository/commits`]: { status: 201, json: {} },
      [`PUT ${P}/merge_requests/9`]: { json: {} },
      [`DELETE ${P}/repository/branches/overseer%2Fweb`]: { status: 204, text: "" },
    };
    const proposals = open("GitLab");
    expect(await proposals.get(9, forever)).to.deep.equal({ state: "Open", branch: "overseer/web", head: "hhh" });
    await proposals.update(9, change, forever);
    expect(server.requests.find(({ method }) => method === "POST")?.body).to.deep.include({
      ...{ branch: "overseer/web", start_sha: "bbb", force: true },
    });
    server.take();
    await proposals.close(9, "overseer/web", forever);
    expect(server.take()).to.deep.equal([
      `PUT ${P}/merge_requests/9`,
      `DELETE ${P}/repository/branches/overseer%2Fweb`,
    ]);
  });
});
