import { expect } from "chai";
import { ProblemError } from "../../../../src/http/problem.js";
import type { KubeClient, KubeRequest } from "../../../../src/kube/client/kube-client.js";
import { KubeStatusError } from "../../../../src/kube/errors.js";
import { type Identity, impersonable } from "../../../../src/server/rest/identity/identity.js";
import { UserRequests, withoutCredential } from "../../../../src/server/rest/identity/user-requests.js";
import { kubeProblem } from "../../../../src/server/rest/kube-problem.js";
import { RateLimits } from "../../../../src/server/rest/rate-limits.js";
import { FakeClock } from "../../support/fake-clock.js";

const ACCOUNT = "system:serviceaccount:shop:ci";

describe("Impersonation", () => {
  const refused: readonly (readonly [string, string, readonly string[]])[] = [
    ["an empty name", "", []],
    ["the administrator of Kubernetes", "system:admin", []],
    ["a node", "system:node:n1", []],
    ["an anonymous user", "system:anonymous", []],
    ["the group system:masters", "eve", ["system:masters"]],
    ["a group of Kubernetes beside others", "eve", ["team", "system:nodes"]],
    ["groups of ServiceAccounts", "eve", ["system:serviceaccounts"]],
    ["a line break in the name", "eve\r\nImpersonate-Group: system:masters", []],
    ["a line break in a group", "eve", ["a\nb"]],
    ["a name that is not ASCII", "evé", []],
    ["spaces around the name", " eve", []],
    ["an empty group", "eve", [""]],
    ["a long name", "e".repeat(513), []],
    ["too many groups", "eve", Array.from({ length: 201 }, (_, index) => `g${index}`)],
    ["a ServiceAccount that no token proves", ACCOUNT, []],
  ];
  for (const [what, name, groups] of refused) {
    it(`is refused for ${what}`, () => {
      expect(impersonable(name, groups)).to.have.key("refused");
    });
  }

  it("sends the groups of a user without those that the API server adds", () => {
    const groups = ["team a", "system:authenticated", "team a"];
    expect(impersonable("eve@example.com", groups)).to.deep.equal({ groups: ["team a"] });
  });

  it("accepts the ServiceAccount of a token, but not groups of other namespaces", () => {
    const proven = { serviceAccounts: true };
    const own = ["system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"];
    expect(impersonable(ACCOUNT, own, proven)).to.deep.equal({ groups: [] });
    expect(impersonable(ACCOUNT, ["system:serviceaccounts:bank"], proven)).to.have.key("refused");
    expect(impersonable("system:serviceaccount:shop", [], proven)).to.have.key("refused");
  });
});

describe("Requests of users", () => {
  const sent: [string, KubeRequest][] = [];
  const client = (name: string): KubeClient =>
    ({ request: async (request: KubeRequest) => sent.push([name, request]) }) as unknown as KubeClient;
  const users = new UserRequests(client("own"), client("bare"));
  const get = { method: "GET", path: "/x" } as const;
  const eve: Identity = { name: "eve", groups: ["team"], signedInBy: "session", credential: { kind: "impersonation" } };

  it("that the role may not send name the group, instead of finding nothing anywhere", () => {
    const message = (what: string): string =>
      `${what} is forbidden: User "system:serviceaccount:overseer-system:api" cannot impersonate resource "groups" in API group "" at the cluster scope`;
    const problem = (text: string) => kubeProblem(new KubeStatusError(403, { message: text }, ""), "read");
    expect(problem(message('groups "all-staff"')))
      .to.include({ code: "FORBIDDEN" })
      .and.have.property("message")
      .that.matches(/group "all-staff": ask the administrator to add it to api\.impersonation\.groups/);
    expect(problem('pods "web" is forbidden: User "eve" cannot get resource "pods"')).to.include({ code: "NOT_FOUND" });
  });

  it("carry the token of the user on connections without a credential, or impersonate the user", async () => {
    await users.as(eve).request(get);
    await users.as({ ...eve, credential: { kind: "token", token: "t" } }).request(get);
    expect(sent).to.deep.equal([
      ["own", { ...get, impersonate: "eve", impersonateGroups: ["team"] }],
      ["bare", { ...get, bearer: "t" }],
    ]);
  });

  it("are never made without a user", () => {
    const wrong: readonly Partial<Identity>[] = [
      { name: "" },
      { name: "system:admin" },
      { name: ACCOUNT },
      { groups: ["system:masters"] },
      { credential: { kind: "token", token: "" } },
    ];
    for (const part of wrong) expect(() => users.as({ ...eve, ...part })).to.throw("a request without");
  });

  it("use connections without the client certificate, which would win over the token", async () => {
    const tls = { ca: "ca", cert: "cert", key: "key", passphrase: "p" };
    const bare = withoutCredential({ server: "https://x", tls, authHeaders: async () => ({ authorization: "own" }) });
    expect([bare.tls, await bare.authHeaders(true)]).to.deep.equal([{ ca: "ca" }, {}]);
  });
});

describe("Rate limits", () => {
  const clock = new FakeClock();
  const limits = new RateLimits(clock, { user: { burst: 2, perSecond: 1 }, refused: { burst: 2, perSecond: 0.5 } });

  it("slow down one user, and no other", () => {
    limits.countUser("eve");
    limits.countUser("eve");
    expect(() => limits.countUser("eve"))
      .to.throw(ProblemError)
      .with.property("code", "RATE_LIMITED");
    limits.countUser("bob");
    clock.advance(2_000);
    limits.countUser("eve");
  });

  it("stop an address that guesses tokens, before its tokens are verified", () => {
    for (let attempt = 0; attempt < 3; attempt++) {
      limits.checkAddress("10.0.0.1");
      limits.countRefused("10.0.0.1");
    }
    expect(() => limits.checkAddress("10.0.0.1"))
      .to.throw(ProblemError)
      .with.nested.property("options.retryAfter", 2);
    limits.checkAddress("10.0.0.2");
    clock.advance(2_000);
    limits.checkAddress("10.0.0.1");
  });
});
