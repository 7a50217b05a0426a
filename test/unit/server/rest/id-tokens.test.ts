import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { exportJWK, generateKeyPair, type JWK, SignJWT, UnsecuredJWT } from "jose";
import { ProblemError } from "../../../../src/http/problem.js";
import { TokenReviews } from "../../../../src/server/rest/identity/token-reviews.js";
import { IdTokens } from "../../../../src/server/rest/session/id-tokens.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

const AUDIENCE = "overseer-cli";

describe("ID tokens of the command line", function () {
  this.timeout(30_000);
  let server: Server;
  let issuer: string;
  let keys: Keys;
  let strangers: Keys;
  let published: JWK;
  let down = false;

  before(async () => {
    [keys, strangers] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
    published = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
    server = createServer((_request, response) => {
      response.writeHead(down ? 500 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify({ keys: [published] }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    down = false;
  });

  /** The users of tokens; `known` are those that the API server accepts itself. */
  const reviews = (known: Readonly<Record<string, string>> = {}): TokenReviews => {
    const settings = {
      ...{ issuer, name: undefined, clientId: "overseer", clientSecretFile: undefined, scopes: "openid" },
      ...{ usernameClaim: "sub", usernamePrefix: "oidc:", groupsClaim: "groups", groupsPrefix: "" },
    };
    const logger = new FakeLogger();
    const keysUrl = async (): Promise<string> => `${issuer}/jwks`;
    const client = {
      request: async <T>({ body }: { readonly body?: unknown }) => {
        const username = known[(body as { spec: { token: string } }).spec.token];
        const status = username === undefined ? {} : { authenticated: true, user: { username } };
        return { body: { status } as T, headers: {} };
      },
    };
    const idTokens = new IdTokens({ settings, audience: AUDIENCE, keysUrl, logger });
    return new TokenReviews(client as never, new FakeClock(), logger, idTokens);
  };
  const seconds = (): number => Math.floor(Date.now() / 1000);
  const claims = (more: object = {}): Record<string, unknown> => ({
    ...{ iss: issuer, aud: AUDIENCE, sub: "dora", groups: ["designers"], iat: seconds(), exp: seconds() + 300 },
    ...more,
  });
  const sign = (more: object = {}, by: Keys = keys, header: object = {}): Promise<string> =>
    new SignJWT(claims(more)).setProtectedHeader({ alg: "RS256", kid: "k1", ...header }).sign(by.privateKey);

  it("stand for the user and groups that they name, who are impersonated", async () => {
    const token = await sign();
    const user = await reviews().authenticate(token);
    expect(user).to.deep.include({ name: "oidc:dora", groups: ["designers"], signedInBy: "token" });
    expect(user.credential).to.deep.equal({ kind: "impersonation", token });
  });

  it("are handed on if the API server trusts the issuer itself", async () => {
    const token = await sign();
    const user = await reviews({ [token]: "https://issuer#dora" }).authenticate(token);
    expect(user.name).to.equal("https://issuer#dora");
    expect(user.credential).to.deep.equal({ kind: "token", token });
  });

  const forged: Readonly<Record<string, () => string | Promise<string>>> = {
    "another key": () => sign({}, strangers),
    "an unknown key": () => sign({}, strangers, { kid: "k2" }),
    "no signature": () => new UnsecuredJWT(claims()).encode(),
    "the public key as a shared secret": async () =>
      new SignJWT(claims())
        .setProtectedHeader({ alg: "HS256", kid: "k1" })
        .sign(new TextEncoder().encode(JSON.stringify(published))),
    "another issuer": () => sign({ iss: `${issuer}/other` }),
    "the audience of browsers": () => sign({ aud: "overseer" }),
    "several audiences without azp": () => sign({ aud: [AUDIENCE, "other"] }),
    "the azp of another client": () => sign({ azp: "other" }),
    "a time that has passed": () => sign({ exp: seconds() - 120, iat: seconds() - 600 }),
    "no expiry": () => sign({ exp: undefined }),
    "a time that has not begun": () => sign({ nbf: seconds() + 120 }),
    "the type of access tokens": () => sign({}, keys, { typ: "at+jwt" }),
    "the type of logout tokens": () => sign({}, keys, { typ: "logout+jwt" }),
    "a key of its own": async () => {
      const jwk = await exportJWK(strangers.publicKey);
      return sign({}, strangers, { jwk, jku: "http://127.0.0.1:1/jwks" });
    },
    "an empty user name": () => sign({ sub: "" }),
    "a reserved group": () => sign({ groups: ["system:masters"] }),
    "groups by reference": () => sign({ groups: undefined, _claim_names: { groups: "src1" } }),
  };
  for (const [what, make] of Object.entries(forged))
    it(`are refused with ${what}`, async () => {
      const error = await reviews()
        .authenticate(await make())
        .then(
          ({ name }) => expect.fail(`accepted as ${name}`),
          (thrown: unknown) => thrown,
        );
      expect(error).to.be.instanceOf(ProblemError);
      expect((error as ProblemError).code).to.equal("UNAUTHENTICATED");
    });

  it("cannot be judged while the keys of the issuer cannot be read", async () => {
    down = true;
    const error = await reviews()
      .authenticate(await sign())
      .catch((thrown: unknown) => thrown);
    expect((error as ProblemError).code).to.equal("NOT_READY");
  });
});
