import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { ProblemError } from "../../../../src/http/problem.js";
import { OidcSignIn, type PendingSignIn } from "../../../../src/server/rest/session/oidc.js";
import { FakeLogger } from "../../support/fake-logger.js";

const CLIENT = "overseer";
type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
type Forge = (claims: Record<string, unknown>) => Promise<string>;

describe("Sign-in by OpenID Connect", function () {
  this.timeout(30_000);
  let server: Server;
  let issuer: string;
  let keys: Keys;
  let strangers: Keys;
  let published: JWK;
  let idToken: () => Promise<string>;
  let tokenRequests: URLSearchParams[];
  let down = false;

  before(async () => {
    [keys, strangers] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
    published = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
    server = createServer((request, response) => {
      const send = (body: object, status = 200): void => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      };
      const path = new URL(request.url ?? "/", issuer).pathname;
      if (down) return void send({}, 500);
      if (path === "/jwks") return void send({ keys: [published] });
      if (path !== "/token") return void send(configuration());
      let text = "";
      request.on("data", (chunk) => {
        text += chunk;
      });
      request.on("end", () => {
        tokenRequests.push(new URLSearchParams(text));
        void idToken().then((id_token) => send({ access_token: "a", token_type: "bearer", id_token }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    tokenRequests = [];
    down = false;
  });

  const configuration = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    authorization_response_iss_parameter_supported: true,
    code_challenge_methods_supported: ["S256"],
  });
  const signIn = (): OidcSignIn => {
    const settings = {
      ...{ issuer, name: undefined, clientId: CLIENT, clientSecretFile: undefined, scopes: "openid" },
      ...{ usernameClaim: "sub", usernamePrefix: "oidc:", groupsClaim: "groups", groupsPrefix: "" },
    };
    const common = { clientSecret: undefined, publicUrl: "https://gitops.example.com", logger: new FakeLogger() };
    return new OidcSignIn({ settings, ...common });
  };
  const seconds = (): number => Math.floor(Date.now() / 1000);
  const signed = (claims: Record<string, unknown>, by: Keys = keys, header: object = {}): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "k1", ...header }).sign(by.privateKey);
  /** Signs in with an ID token and the parameters of the redirect. */
  const finish = async (
    forge: Forge,
    change: (parameters: URLSearchParams, pending: PendingSignIn) => void = () => {},
  ) => {
    const oidc = signIn();
    const { pending } = await oidc.begin();
    const claims = {
      ...{ iss: issuer, aud: CLIENT, sub: "eve", nonce: pending.nonce, groups: ["team"] },
      ...{ iat: seconds(), exp: seconds() + 300 },
    };
    idToken = () => forge(claims);
    const parameters = new URLSearchParams({ code: "c", state: pending.state, iss: issuer });
    change(parameters, pending);
    return oidc.finish(parameters, pending);
  };

  it("sends the user to the issuer with PKCE, state and nonce", async () => {
    const { url, pending } = await signIn().begin();
    const sent = Object.fromEntries(new URL(url).searchParams);
    expect(sent).to.deep.include({ client_id: CLIENT, response_type: "code", code_challenge_method: "S256" });
    expect(sent).to.deep.include({ state: pending.state, nonce: pending.nonce, scope: "openid" });
    expect(sent.redirect_uri).to.equal("https://gitops.example.com/api/gitops/sign-in/callback");
    expect(url).to.not.contain(pending.verifier);
  });

  it("accepts a genuine ID token, and proves the code verifier", async () => {
    expect(await finish((claims) => signed(claims))).to.deep.equal({ name: "oidc:eve", groups: ["team"] });
    expect(tokenRequests[0]?.get("code_verifier")).to.match(/^[\w-]{43}/);
  });

  const forged: readonly (readonly [string, Forge])[] = [
    ["of another issuer", (claims) => signed({ ...claims, iss: "https://evil.example.com" })],
    ["for another client", (claims) => signed({ ...claims, aud: "other" })],
    ["for several clients without azp", (claims) => signed({ ...claims, aud: [CLIENT, "other"] })],
    ["with the azp of another client", (claims) => signed({ ...claims, aud: [CLIENT, "other"], azp: "other" })],
    ["that has expired", (claims) => signed({ ...claims, exp: seconds() - 300 })],
    ["that is not valid yet", (claims) => signed({ ...claims, nbf: seconds() + 600 })],
    ["without expiry", ({ exp: _, ...claims }) => signed(claims)],
    ["without nonce", ({ nonce: _, ...claims }) => signed(claims)],
    ["with another nonce", (claims) => signed({ ...claims, nonce: "x" })],
    ["without subject", ({ sub: _, ...claims }) => signed(claims)],
    ["signed by a stranger", (claims) => signed(claims, strangers)],
    ["with an unknown key ID", (claims) => signed(claims, strangers, { kid: "k2" })],
    [
      "that names its own key",
      (claims) => signed(claims, strangers, { kid: "k2", jku: `${issuer}/evil`, jwk: published }),
    ],
    ["without a signature", async (claims) => new UnsecuredJWT(claims).encode()],
    [
      "signed with the public key as a secret",
      async (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256", kid: "k1" })
          .sign(Buffer.from(JSON.stringify(published))),
    ],
    ["with a reserved group", (claims) => signed({ ...claims, groups: ["system:masters"] })],
    ["that is no token", async () => "x.y.z"],
  ];
  const codeOf = (result: Promise<unknown>): Promise<unknown> =>
    result.then(
      (user) => user,
      (error: unknown) => (error instanceof ProblemError ? error.code : String(error)),
    );
  for (const [what, forge] of forged) {
    it(`refuses an ID token ${what}`, async () => {
      expect(await codeOf(finish(forge))).to.equal("UNAUTHENTICATED");
    });
  }

  const redirects: readonly (readonly [string, (parameters: URLSearchParams) => void])[] = [
    ["another state", (parameters) => parameters.set("state", "x")],
    ["no state", (parameters) => parameters.delete("state")],
    ["another issuer (RFC 9207)", (parameters) => parameters.set("iss", "https://evil.example.com")],
    ["no issuer, although it announces it", (parameters) => parameters.delete("iss")],
    ["no code", (parameters) => parameters.delete("code")],
    ["an error", (parameters) => parameters.set("error", "access_denied")],
    ["two codes", (parameters) => parameters.append("code", "d")],
  ];
  for (const [what, change] of redirects) {
    it(`refuses a redirect with ${what}, and does not redeem the code`, async () => {
      expect(await codeOf(finish((claims) => signed(claims), change))).to.equal("UNAUTHENTICATED");
      if (what !== "no code") expect(tokenRequests).to.have.length(0);
    });
  }

  it("says that the issuer does not respond, and asks it again at the next sign-in", async () => {
    down = true;
    const oidc = signIn();
    expect(await codeOf(oidc.begin())).to.equal("NOT_READY");
    down = false;
    expect((await oidc.begin()).url).to.contain("/authorize?");
  });
});
