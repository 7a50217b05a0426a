import { expect } from "chai";
import { startGithubApi } from "../../../support/github-api.js";
import { forever, HostServer, openHost } from "./support/host-server.js";

describe("comments of plans at a Git host", () => {
  let server: HostServer;
  before(async () => {
    server = await HostServer.start();
  });
  afterEach(() => server.take());
  after(() => server.stop());

  it("are those of the GitHub App itself: not of users, also not of users who act through it", async () => {
    const api = await startGithubApi();
    try {
      const githubAppBaseURL = `${server.origin}/api/v3`;
      const app = { githubAppID: api.appId, githubAppInstallationID: api.installation, githubAppBaseURL };
      const host = openHost("GitHub", githubAppBaseURL, { ...app, githubAppPrivateKey: api.privateKey });
      const by = (id: number, type: string, performed: object | null) => ({
        ...{ id, body: "plan", user: { id: 5, type }, performed_via_github_app: performed },
      });
      server.answers = {
        [`POST /api/v3/app/installations/${api.installation}/access_tokens`]: {
          status: 201,
          json: { token: "ghs_canary", expires_at: new Date(Date.now() + 3_600_000).toISOString() },
        },
        "GET /api/v3/repos/team/shop/issues/7/comments?per_page=100": {
          json: [
            by(1, "User", null),
            by(2, "User", { id: Number(api.appId) }),
            by(3, "Bot", { id: 1, client_id: "Iv1.other" }),
            by(4, "Bot", { id: Number(api.appId), client_id: "Iv1.own" }),
            by(5, "Bot", { id: 2, client_id: api.appId }),
          ],
        },
      };
      const comments = await host.planComments?.list(7, forever);
      expect(comments?.filter(({ isOwn }) => isOwn).map(({ id }) => id)).to.deep.equal([4, 5]);
      expect(server.requests.map(({ path }) => path)).not.to.include("/api/v3/user");
    } finally {
      await api.stop();
    }
  });

  it("are not listed if the host does not tell whose the credential is, with the remedy", async () => {
    const refused = { status: 403, json: { message: "token does not have the required scope" } };
    server.answers = { "GET /api/user": refused };
    const remedies = { GitHub: /the keys of a GitHub App/, GitLab: /scope api$/, Gitea: /scope read:user$/ } as const;
    for (const type of ["GitHub", "GitLab", "Gitea"] as const) {
      const listed = openHost(type, `${server.origin}/api`).planComments?.list(7, forever);
      const error = await listed?.catch((cause: Error) => cause);
      expect(error, type).to.include({ code: "GIT_PERMISSION_DENIED" });
      expect((error as Error).message, type)
        .to.contain("does not tell whose credential is in Secret shop/api, and comments of others are not edited")
        .and.match(remedies[type]);
    }
    expect(server.take()).to.deep.equal(["GET /api/user", "GET /api/user", "GET /api/user"]);
  });
});
