import { expect } from "chai";
import { ProblemError } from "../../../../src/http/problem.js";
import type { KubeRequest } from "../../../../src/kube/client/kube-client.js";
import { KubeConnectionError } from "../../../../src/kube/errors.js";
import { bearerOf, TokenReviews } from "../../../../src/server/rest/identity/token-reviews.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";

interface Review {
  readonly token: string;
  readonly audiences?: readonly string[];
}

/** A JWT without a valid signature. */
function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.x`;
}

describe("Token reviews", () => {
  const clock = new FakeClock();
  let asked: Review[];
  let answer: (review: Review) => object;
  let reviews: TokenReviews;
  beforeEach(() => {
    asked = [];
    const request = async ({ body }: KubeRequest) => {
      const { spec } = body as { spec: Review };
      asked.push(spec);
      return { status: 201, warnings: [], body: { status: answer(spec) } as never };
    };
    reviews = new TokenReviews({ request }, clock, new FakeLogger());
  });
  const outcome = (token: string): Promise<unknown> =>
    reviews.authenticate(token).catch((error: unknown) => (error instanceof ProblemError ? error.code : String(error)));
  const accepted = (username: string, groups: readonly string[], audiences?: readonly string[]) => ({
    ...{ authenticated: true, user: { username, groups }, audiences },
  });

  it("hand on a token of the API server, and keep the result for a while", async () => {
    answer = () => accepted("eve", ["team", "system:authenticated"]);
    const eve = { name: "eve", groups: ["team", "system:authenticated"], signedInBy: "token" };
    const wanted = { ...eve, credential: { kind: "token", token: "t" } };
    expect(await outcome("t")).to.deep.equal(wanted);
    clock.advance(29_000);
    await outcome("t");
    expect(asked).to.deep.equal([{ token: "t" }]);
    clock.advance(2_000);
    await outcome("t");
    expect(asked).to.have.length(2);
  });

  it("impersonate the user of a token with our audience, and ask for it first", async () => {
    const token = jwt({ aud: ["overseer-gitops"], exp: 1_900_000_000 });
    answer = ({ audiences }) =>
      audiences ? accepted("eve", ["team", "system:authenticated"], ["overseer-gitops"]) : { authenticated: false };
    expect(await outcome(token)).to.deep.equal({
      ...{ name: "eve", groups: ["team"], signedInBy: "token", expires: 1_900_000_000_000 },
      credential: { kind: "impersonation", token },
    });
    expect(asked.map(({ audiences }) => audiences)).to.deep.equal([["overseer-gitops"]]);
  });

  const refused: readonly (readonly [string, (review: Review) => object])[] = [
    ["nobody knows", () => ({ authenticated: false })],
    ["is valid without a user", () => ({ authenticated: true, user: {} })],
    ["is valid for no audience that was asked for", ({ audiences }) => (audiences ? accepted("eve", []) : {})],
    ["is valid for another audience", ({ audiences }) => (audiences ? accepted("eve", [], ["vault"]) : {})],
    ["belongs to system:admin", ({ audiences }) => (audiences ? accepted("system:admin", [], audiences) : {})],
    ["is of system:masters", ({ audiences }) => (audiences ? accepted("eve", ["system:masters"], audiences) : {})],
  ];
  for (const [what, status] of refused) {
    it(`refuse a token that ${what}`, async () => {
      answer = status;
      expect(await outcome("t")).to.equal("UNAUTHENTICATED");
      const { length } = asked;
      expect(await outcome("t")).to.equal("UNAUTHENTICATED");
      expect(asked).to.have.length(length);
    });
  }

  it("do not remember that the API server was unavailable", async () => {
    answer = () => {
      throw new KubeConnectionError("no response", undefined);
    };
    expect(await outcome("t")).to.equal("NOT_READY");
    answer = () => accepted("eve", []);
    expect(await outcome("t")).to.deep.include({ name: "eve" });
  });
});

describe("The Authorization header", () => {
  it("has a bearer token, or is refused", () => {
    expect(bearerOf(undefined)).to.equal(undefined);
    expect(bearerOf("bearer  abc.d-e_f~+/==")).to.equal("abc.d-e_f~+/==");
    const wrong = [
      "",
      "Basic YTpi",
      "Bearer",
      "Bearer ",
      "Bearer a b",
      "Bearer ä",
      "Bearer a\u0000b",
      `Bearer ${"a".repeat(12_001)}`,
    ];
    for (const text of wrong) expect(() => bearerOf(text), text).to.throw(ProblemError, "needs a valid token");
  });
});
