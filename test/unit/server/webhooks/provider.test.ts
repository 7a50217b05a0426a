import { expect } from "chai";
import { eventOf, providerOf, type RequestHeaders } from "../../../../src/server/webhooks/provider.js";

describe("the sender of a webhook", () => {
  const hub = { "x-hub-signature-256": "sha256=0" };
  const github = (event: string): RequestHeaders => ({ ...hub, "x-github-event": event });
  const gitea = (event: string): RequestHeaders => ({
    ...github(event),
    "x-gitea-event": event,
    "x-gogs-event": event,
  });
  const forgejo = (event: string): RequestHeaders => ({ ...gitea(event), "x-forgejo-event": event });
  const gitlab = (event: string): RequestHeaders => ({ "x-gitlab-event": event, "x-gitlab-token": "t" });
  const bitbucket = (event: string): RequestHeaders => ({ "x-event-key": event, "x-hub-signature": "sha256=0" });
  const cases: readonly (readonly [RequestHeaders, string, string])[] = [
    [github("push"), "github", "push"],
    [github("create"), "github", "push"],
    [github("delete"), "github", "push"],
    [github("ping"), "github", "ping"],
    [github("pull_request"), "github", "other"],
    [github("Push"), "github", "other"],
    [gitea("push"), "gitea", "push"],
    [gitea("issues"), "gitea", "other"],
    [forgejo("push"), "forgejo", "push"],
    [gitlab("Push Hook"), "gitlab", "push"],
    [gitlab("Tag Push Hook"), "gitlab", "push"],
    [gitlab("System Hook"), "gitlab", "push"],
    [gitlab("Pipeline Hook"), "gitlab", "other"],
    [bitbucket("repo:push"), "bitbucket", "push"],
    [bitbucket("repo:refs_changed"), "bitbucket", "push"],
    [bitbucket("mirror:repo_synchronized"), "bitbucket", "push"],
    [bitbucket("diagnostics:ping"), "bitbucket", "ping"],
    [bitbucket("pr:opened"), "bitbucket", "other"],
    [hub, "generic", "push"],
    [{ "x-gitlab-token": "t" }, "gitlab", "push"],
    [{ "x-gitlab-event": "Push Hook", "webhook-signature": "v1,0" }, "gitlab", "push"],
    [{ "webhook-signature": "v1,0" }, "generic", "push"],
    [{ "x-gitea-signature": "0" }, "gitea", "push"],
    [{ authorization: "Basic eA==" }, "azure-devops", "push"],
    [{ ...gitlab("Push Hook"), authorization: "Basic eA==" }, "gitlab", "push"],
    [{}, "unknown", "push"],
    [{ "x-github-event": "constructor" }, "github", "other"],
  ];
  for (const [headers, provider, event] of cases) {
    it(`${JSON.stringify(headers)} is ${provider}, ${event}`, () => {
      expect([providerOf(headers), eventOf(headers)]).to.deep.equal([provider, event]);
    });
  }
});
