import { expect } from "chai";
import { ConfigError } from "../../../../src/config/errors.js";
import { userOfClaims } from "../../../../src/server/rest/session/claims.js";
import {
  endedSessionCookies,
  parseCookies,
  sealedSession,
  sessionCookies,
} from "../../../../src/server/rest/session/cookies.js";
import { cookiesCount, safeReturnPath } from "../../../../src/server/rest/session/same-origin.js";
import { Sealer } from "../../../../src/server/rest/session/sealer.js";
import { FakeClock } from "../../support/fake-clock.js";

const URL_HERE = "https://gitops.example.com";
const SETTINGS = { usernameClaim: "sub", usernamePrefix: "oidc:", groupsClaim: "groups", groupsPrefix: "oidc:" };

describe("Users of ID tokens", () => {
  const accepted: readonly (readonly [object, object, string, readonly string[]])[] = [
    [{ sub: "eve" }, {}, "oidc:eve", []],
    [{ sub: "eve", groups: ["a", "b"] }, {}, "oidc:eve", ["oidc:a", "oidc:b"]],
    [{ sub: "eve", groups: "a" }, {}, "oidc:eve", ["oidc:a"]],
    [{ email: "e@x.org", email_verified: true }, { usernameClaim: "email", usernamePrefix: "" }, "e@x.org", []],
    [{ sub: "eve", groups: ["system:masters"] }, {}, "oidc:eve", ["oidc:system:masters"]],
  ];
  for (const [claims, settings, name, groups] of accepted) {
    it(`accept ${JSON.stringify(claims)} as ${name}`, () => {
      const user = userOfClaims(claims as Record<string, unknown>, { ...SETTINGS, ...settings });
      expect(user).to.deep.equal({ name, groups });
    });
  }

  const none = { usernamePrefix: "", groupsPrefix: "" };
  const refused: readonly (readonly [string, object, object])[] = [
    ["no name", {}, {}],
    ["an empty name", { sub: "" }, {}],
    ["a name that is no text", { sub: 7 }, {}],
    ["an e-mail address that is not verified", { email: "e@x.org", email_verified: false }, { usernameClaim: "email" }],
    [
      "an e-mail address that is verified by a text",
      { email: "e@x.org", email_verified: "true" },
      { usernameClaim: "email" },
    ],
    ["a name of Kubernetes", { sub: "system:admin" }, none],
    ["a ServiceAccount", { sub: "system:serviceaccount:kube-system:x" }, none],
    ["the group system:masters", { sub: "eve", groups: ["system:masters"] }, none],
    ["a prefix that makes a name of Kubernetes", { sub: "admin" }, { usernamePrefix: "system:" }],
    ["groups that are no texts", { sub: "eve", groups: [1] }, {}],
    ["groups that are an object", { sub: "eve", groups: { a: 1 } }, {}],
    ["groups by reference", { sub: "eve", _claim_names: { groups: "src1" } }, {}],
    ["too many groups", { sub: "eve", groups: Array.from({ length: 201 }, (_, index) => `g${index}`) }, {}],
    ["a line break", { sub: "eve\nx" }, {}],
  ];
  for (const [what, claims, settings] of refused) {
    it(`are refused for ${what}`, () => {
      expect(userOfClaims(claims as Record<string, unknown>, { ...SETTINGS, ...settings })).to.have.key("refused");
    });
  }
});

describe("Cookies", () => {
  const cases: readonly (readonly [string, Record<string, string>, string | undefined, boolean])[] = [
    ["GET", { "sec-fetch-site": "same-origin" }, URL_HERE, true],
    ["POST", { "sec-fetch-site": "same-origin" }, URL_HERE, true],
    ["GET", { "sec-fetch-site": "none" }, URL_HERE, true],
    ["POST", { "sec-fetch-site": "none" }, URL_HERE, false],
    ["GET", { "sec-fetch-site": "same-site" }, URL_HERE, false],
    ["GET", { "sec-fetch-site": "cross-site", origin: URL_HERE }, URL_HERE, false],
    ["POST", { origin: URL_HERE }, URL_HERE, true],
    ["POST", { origin: "https://evil.example.com" }, URL_HERE, false],
    ["POST", { origin: "null" }, URL_HERE, false],
    ["GET", {}, URL_HERE, false],
    ["POST", { origin: URL_HERE }, undefined, false],
  ];
  for (const [method, headers, url, counts] of cases) {
    it(`${counts ? "count" : "do not count"} for ${method} with ${JSON.stringify(headers)}`, () => {
      expect(cookiesCount(method, headers, url)).to.equal(counts);
    });
  }

  it("hold a long session in parts, and none that is too long", () => {
    for (const length of [10, 3_600, 3_601, 14_400]) {
      const sealed = "x".repeat(length);
      const set = sessionCookies(sealed, 60) ?? [];
      for (const text of set)
        expect(text).to.match(/^__Host-overseer(\.[1-3])?=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
      const header = set.map((text) => text.split(";")[0]).join("; ");
      expect(sealedSession(parseCookies(header))).to.equal(sealed);
    }
    expect(sessionCookies("x".repeat(14_401), 60)).to.equal(undefined);
    expect(endedSessionCookies().every((text) => text.includes("=; Max-Age=0;"))).to.equal(true);
  });

  it("that are sent twice do not count", () => {
    expect(sealedSession(parseCookies("__Host-overseer=a; __Host-overseer=b"))).to.equal(undefined);
    expect(sealedSession(parseCookies("other=a"))).to.equal(undefined);
  });
});

describe("The path after the sign-in", () => {
  const cases: readonly (readonly [unknown, string])[] = [
    ["/apps?q=health%3Adegraded#x", "/apps?q=health%3Adegraded#x"],
    ["/", "/"],
    ["//evil.example.com", "/"],
    ["/\\evil.example.com", "/"],
    ["/a\\..\\..\\", "/"],
    ["https://evil.example.com", "/"],
    ["javascript:alert(1)", "/"],
    ["/\t/evil.example.com", "/"],
    ["/\r\nset-cookie: a=b", "/"],
    ["apps", "/"],
    ["", "/"],
    [undefined, "/"],
    [["/a", "/b"], "/"],
    [`/${"a".repeat(2_048)}`, "/"],
  ];
  for (const [path, safe] of cases) {
    it(`is ${JSON.stringify(safe).slice(0, 40)} for ${JSON.stringify(path)?.slice(0, 40)}`, () => {
      expect(safeReturnPath(path)).to.equal(safe);
    });
  }
});

describe("Sealed cookies", () => {
  const clock = new FakeClock();
  const key = (fill: number): string => Buffer.alloc(32, fill).toString("base64");
  const claims = { name: "eve", groups: ["a"] };

  it("are opened until they expire, for their purpose only", async () => {
    const sealer = new Sealer(clock, key(1));
    const sealed = await sealer.seal("session", claims, clock.now() + 60_000);
    expect(sealed).to.not.contain("eve");
    expect(await sealer.open("session", sealed)).to.deep.include(claims);
    expect(await sealer.open("sign-in", sealed)).to.equal(undefined);
    clock.advance(61_000);
    expect(await sealer.open("session", sealed)).to.equal(undefined);
  });

  it("are not opened if they are forged, or sealed with an unknown key", async () => {
    const sealer = new Sealer(clock, key(1));
    const sealed = await sealer.seal("session", claims, clock.now() + 60_000);
    const parts = sealed.split(".");
    const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from('{"name":"eve","groups":[],"aud":"session"}').toString("base64url")}.`;
    const wrong = ["", "x", unsigned, `${sealed}x`, [...parts.slice(0, 3), "AAAA", parts[4]].join(".")];
    for (const text of wrong) expect(await sealer.open("session", text), text).to.equal(undefined);
    expect(await new Sealer(clock, key(2)).open("session", sealed)).to.equal(undefined);
    expect(await new Sealer(clock, undefined).open("session", sealed)).to.equal(undefined);
  });

  it("survive the rotation of keys", async () => {
    const sealed = await new Sealer(clock, key(1)).seal("session", claims, clock.now() + 60_000);
    const rotated = new Sealer(clock, `${key(2)}\n${key(1)}\n`);
    expect(await rotated.open("session", sealed)).to.deep.include(claims);
    const next = await rotated.seal("session", claims, clock.now() + 60_000);
    expect(await new Sealer(clock, key(2)).open("session", next)).to.deep.include(claims);
  });

  it("need keys of 32 bytes", () => {
    for (const text of ["", "short", Buffer.alloc(31).toString("base64")])
      expect(() => new Sealer(clock, text), text).to.throw(ConfigError, "openssl rand -base64 32");
  });
});
