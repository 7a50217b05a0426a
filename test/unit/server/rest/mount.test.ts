import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import { ProblemError } from "../../../../src/http/problem.js";
import { HttpServer } from "../../../../src/http/server.js";
import type { Identity } from "../../../../src/server/rest/identity/identity.js";
import { invalidToken } from "../../../../src/server/rest/identity/token-reviews.js";
import { mountRest } from "../../../../src/server/rest/mount.js";
import { RateLimits } from "../../../../src/server/rest/rate-limits.js";
import { restRoute } from "../../../../src/server/rest/route.js";
import { CALLBACK_PATH } from "../../../../src/server/rest/session/oidc.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";

const COOKIE = "session=eve";

describe("The users of the REST API", () => {
  const route = restRoute({
    method: "GET",
    path: "/me",
    summary: "Returns the name of the user.",
    access: "user",
    responses: { 200: "text" },
    handle: ({ caller }) => ({ status: 200, body: caller.name }),
  });
  let grants = 0;
  const callback = restRoute({
    method: "GET",
    path: CALLBACK_PATH,
    summary: "Asks the issuer.",
    access: "anonymous",
    responses: { 302: "empty" },
    handle: () => {
      grants++;
      throw new ProblemError("UNAUTHENTICATED", "the issuer has not confirmed the sign-in: begin again");
    },
  });
  const eve: Identity = { name: "eve", groups: [], signedInBy: "session", credential: { kind: "impersonation" } };
  const clock = new FakeClock();
  const logger = new FakeLogger();
  const server = new HttpServer({ host: "127.0.0.1", port: 0, addressFlags: "", clock: systemClock, logger });
  let url: string;
  before(async () => {
    const sizes = { user: { burst: 100, perSecond: 1 }, refused: { burst: 2, perSecond: 1 } };
    mountRest(server, [route, callback], {
      tokens: { authenticate: () => Promise.reject(invalidToken()) },
      sessions: { identify: async (_method, { cookie }) => (cookie === COOKIE ? eve : undefined) },
      limits: new RateLimits(clock, sizes),
    });
    url = `http://127.0.0.1:${await server.start()}/me`;
  });
  after(() => server.stop());
  beforeEach(() => clock.advance(60_000));
  const ask = async (headers: Record<string, string>): Promise<number> => (await fetch(url, { headers })).status;

  it("keep their sessions while others at the same address are refused too often", async () => {
    const bad = { authorization: "Bearer bad" };
    expect([await ask(bad), await ask({}), await ask(bad), await ask(bad)]).to.deep.equal([401, 401, 401, 429]);
    expect(await ask({})).to.equal(429);
    expect(await ask({ cookie: "session=forged" })).to.equal(429);
    expect(await ask({ cookie: COOKIE })).to.equal(200);
    expect(await ask({ ...bad, cookie: COOKIE })).to.equal(429);
  });

  it("cannot have the issuer asked more often than other credentials are tried", async () => {
    const answers = await Promise.all(Array.from({ length: 6 }, () => fetch(new URL(CALLBACK_PATH, url))));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([401, 401, 401, 429, 429, 429]);
    expect(grants).to.equal(3);
    expect(await ask({ cookie: COOKIE })).to.equal(200);
  });
});
