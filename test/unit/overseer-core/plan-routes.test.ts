import { expect } from "chai";
import type { CoreNodeRoute } from "../../../src/api/core/route.js";
import { withRoutes } from "../../../src/overseer-core/agent/proxy/caddy-config.js";
import { planRoutes } from "../../../src/overseer-core/agent/proxy/plan-routes.js";

const ROUTE: CoreNodeRoute = {
  id: "1",
  hostname: "a.test",
  path: "/",
  app: "shop",
  service: "web",
  port: 80,
  tls: false,
  signIn: null,
};
const SIGN_IN: NonNullable<CoreNodeRoute["signIn"]> = {
  name: "sso",
  type: "oidc",
  forwardAuth: { url: "http://127.0.0.1:1/auth", paths: ["/oauth2/"], headers: ["Remote-User"] },
};
const BAD_PATHS = { url: "http://127.0.0.1:1/auth", paths: ["/[oauth]"], headers: ["Remote-User"] };
const SETTINGS = { httpPort: 80, httpsPort: 443, issuer: { type: "none" } } as const;
const up =
  (...addresses: string[]) =>
  () =>
    addresses.map((address) => ({ address, ready: true }));

describe("the plan of routes", () => {
  it("puts hosts before wildcards, and longer paths before shorter ones", () => {
    const places = ["*.test/", "a.test/", "a.test/x/y", "a.test/x", "*.a.test/"];
    const routes = places.map((place): CoreNodeRoute => {
      const slash = place.indexOf("/");
      return { ...ROUTE, hostname: place.slice(0, slash), path: place.slice(slash) };
    });
    const planned = planRoutes(routes, up("10.0.0.2"), () => undefined);
    expect(planned.map(({ hostname, path }) => hostname + path)).to.deep.equal([
      "a.test/x/y",
      "a.test/x",
      "a.test/",
      "*.a.test/",
      "*.test/",
    ]);
  });

  it("prefers containers that are ready, and brackets IPv6 addresses", () => {
    const containers = [
      { address: "10.0.0.2", ready: false },
      { address: "fd00::2", ready: true },
    ];
    const upstreams = (ready: number) =>
      planRoutes(
        [ROUTE],
        () => containers.slice(0, ready),
        () => undefined,
      )[0];
    expect(upstreams(2)?.upstreams).to.deep.equal(["[fd00::2]:80"]);
    expect(upstreams(1)?.upstreams).to.deep.equal(["10.0.0.2:80"]);
    expect(upstreams(0)?.problem).to.equal("the service web of shop has no running container with an address");
  });

  const sso = { name: "sso", type: "oidc", forwardAuth: null } as const;
  for (const [what, fields, message] of [
    ["without a sign-in service", { signIn: sso }, /sign-in provider sso has no forwardAuth/],
    ["with a wildcard in its path", { path: "/a*" }, /not matched literally/],
    ["with a placeholder in its path", { path: "/{env.HOME}" }, /not matched literally/],
    ["with a pattern in its path", { path: "/[admin]" }, /not matched literally/],
    ["with a backslash in its path", { path: "/adm\\in" }, /not matched literally/],
    ["with a slash at the end of its path", { path: "/admin/" }, /not matched literally/],
    ["with only slashes as its path", { path: "/////////" }, /not matched literally/],
    ["that the Core keeps closed", { closed: "it has no app" }, /it has no app/],
    [
      "whose sign-in service has a pattern as its path",
      {
        signIn: { ...SIGN_IN, forwardAuth: BAD_PATHS },
      },
      /the path \/\[oauth\] of its sign-in provider sso is not matched literally/,
    ],
    ["without a certificate", { tls: true }, /no certificate/],
  ] as const) {
    it(`closes a route ${what}`, () => {
      const [planned] = planRoutes([{ ...ROUTE, ...fields }], up("10.0.0.2"), () => "no certificate");
      expect(planned?.problem).to.match(message);
      expect(planned?.upstreams).to.deep.equal([]);
      const text = JSON.stringify(withRoutes({}, planned === undefined ? [] : [planned], [], SETTINGS));
      expect(text).to.contain("this route is not published").and.not.contain("reverse_proxy");
    });
  }

  const problems = (...routes: Partial<CoreNodeRoute>[]) => {
    const given = routes.map((fields, index): CoreNodeRoute => ({ ...ROUTE, id: String(index), ...fields }));
    const planned = planRoutes(given, up("10.0.0.2"), () => undefined);
    return Object.fromEntries(planned.map(({ path, problem }) => [path, problem]));
  };

  it("lets no stored spelling of a path take the place of another route", () => {
    const taken = problems(
      { path: "/////////" },
      { path: "/" },
      { path: "/admin/" },
      { path: "/admin", signIn: SIGN_IN },
    );
    expect([taken["/"], taken["/admin"]]).to.deep.equal([null, null]);
    expect(taken["/////////"]).to.equal(
      "its path ///////// means the same to a proxy as / of route 1: delete one of them",
    );
    expect(taken["/admin/"]).to.match(/means the same to a proxy as \/admin of route 3/);
  });

  it("closes both of two stored routes if it is unknown which of them protects the place", () => {
    const byCase = problems({ path: "/Admin" }, { path: "/admin", signIn: SIGN_IN });
    expect([byCase["/Admin"], byCase["/admin"]].every((problem) => problem !== null)).to.equal(true);
    const open = problems({ path: "/admin" }, { path: "/admin/", signIn: SIGN_IN });
    expect([open["/admin"], open["/admin/"]].every((problem) => problem !== null)).to.equal(true);
  });

  type CaddyRoute = { match?: Record<string, unknown>[]; handle: Record<string, unknown>[] };
  type Server = { routes: CaddyRoute[]; automatic_https: { skip_certificates?: string[] } };
  const serversOf = (...routes: Partial<CoreNodeRoute>[]) => {
    const given = routes.map((fields, index): CoreNodeRoute => ({ ...ROUTE, id: String(index), ...fields }));
    const planned = planRoutes(given, up("10.0.0.2"), () => undefined);
    const config = withRoutes({}, planned, [], { ...SETTINGS, issuer: { type: "internal" } });
    return (config as unknown as { apps: { http: { servers: Record<string, Server> } } }).apps.http.servers;
  };

  it("matches a stored path that it refuses literally, so that no broader route serves it", () => {
    const { "overseer-http": http } = serversOf({ path: "/" }, { path: "/a/[x]*\\", signIn: SIGN_IN });
    expect(http?.routes[1]?.match).to.deep.equal([
      { host: ["a.test"], path_regexp: { pattern: "(?i)^/a/\\[x\\]\\*\\\\(/|$)" } },
    ]);
    expect(JSON.stringify(http?.routes[1]?.handle)).to.contain("not published");
  });

  it("serves no route without TLS over HTTPS by a broader one with TLS", () => {
    const { "overseer-https": https } = serversOf(
      { path: "/", tls: true },
      { path: "/admin", signIn: SIGN_IN },
      { hostname: "*.wild.test", tls: true },
      { hostname: "adm.wild.test", signIn: SIGN_IN },
    );
    const shown = https?.routes.map(({ match, handle }) => [
      match?.[0]?.host,
      match?.[0]?.path,
      handle[0]?.status_code,
    ]);
    expect(shown).to.deep.equal([
      [["a.test", "adm.wild.test"], undefined, 400],
      [["adm.wild.test"], undefined, 404],
      [["a.test"], ["/admin", "/admin/*"], 404],
      [["a.test"], undefined, undefined],
      [["*.wild.test"], undefined, undefined],
      [undefined, undefined, 404],
    ]);
    expect(https?.automatic_https.skip_certificates).to.deep.equal(["adm.wild.test"]);
  });

  it("asks for the sign-in also where a path has parameters, which some apps ignore", () => {
    const { "overseer-http": http } = serversOf({ path: "/a.b/c", signIn: SIGN_IN });
    expect(http?.routes.at(-2)?.match).to.deep.equal([
      { host: ["a.test"], path: ["/a.b/c", "/a.b/c/*"] },
      { host: ["a.test"], path_regexp: { pattern: "(?i)^/a\\.b(;[^/]*)?/c(;[^/]*)?(/|$)" } },
    ]);
  });

  it("refuses ambiguous paths on hosts with a sign-in", () => {
    const servers = serversOf(
      { path: "/admin", signIn: SIGN_IN },
      { path: "/", tls: true },
      { hostname: "b.test", app: "other" },
    );
    for (const { routes } of Object.values(servers)) {
      const { match, handle } = routes[0] ?? { match: [], handle: [] };
      expect(match?.[0]?.host).to.deep.equal(["a.test"]);
      expect(handle).to.have.length(1);
      expect(handle[0]?.status_code).to.equal(400);
      // A path matcher would compare `/x/;y/../admin` as `/x/admin`.
      const sent = match?.[0]?.vars_regexp as Record<string, { pattern: string }> | undefined;
      const pattern = new RegExp(String(sent?.["{http.request.uri.path}"]?.pattern));
      const hidden = [
        "/;/admin",
        "/;x/admin/y",
        "/x/..;/admin",
        "/x/..;y=1/admin",
        "/.;/admin",
        "/x/.;z/../admin",
        "/a;b/;/c",
        "/x/;y/../admin",
        "/x/.;/../admin",
      ];
      for (const path of hidden) expect(pattern.test(path), path).to.equal(true);
      const plain = ["/", "/admin;x", "/a;b/c", "/a..;b/c", "/a.;b", "/...;/b", "/;jsessionid=1", "/a/;jsessionid=1"];
      for (const path of plain) expect(pattern.test(path), path).to.equal(false);
    }
    expect(serversOf({ path: "/" })["overseer-http"]?.routes).to.have.length(2);
  });

  it("removes every spelling of sign-in headers from requests, on public routes as well", () => {
    const { "overseer-http": http } = serversOf(
      { path: "/private", signIn: SIGN_IN },
      { path: "/" },
      { hostname: "b.test", app: "other" },
    );
    const removed = http?.routes.map(({ handle }) => (handle[0]?.request as { delete?: string[] } | undefined)?.delete);
    const [, service, forged, own, open, other] = removed ?? [];
    for (const list of [service, own, open]) expect(list).to.include.members(["Remote-User", "*_*", "*.*", "***"]);
    expect([forged, other]).to.deep.equal([undefined, undefined]);
    expect(http?.routes[2]?.handle[0]?.status_code).to.equal(400);
    expect(JSON.stringify(http?.routes[2]?.match)).to.contain('"Connection":{"pattern":"(?i)(^|[\\\\s,])(Remote-User)');
  });

  it("keeps what others configure, and removes everything of its own", () => {
    const foreign = {
      admin: { listen: "x" },
      apps: {
        http: { servers: { mine: { listen: [":81"] } } },
        tls: { automation: { policies: [{ subjects: ["b"] }] } },
      },
    };
    const settings = { ...SETTINGS, issuer: { type: "internal" } } as const;
    const planned = planRoutes([{ ...ROUTE, tls: true }], up("10.0.0.2"), () => undefined);
    const file = { certificate: "/c", key: "/k", version: "1" };
    const full = withRoutes(foreign, planned, [file], settings);
    expect(JSON.stringify(full)).to.contain("overseer-https").and.contain('"certificate":"/c"');
    expect(withRoutes(full, planned, [file], settings)).to.deep.equal(full);
    const none = withRoutes(full, [], [], settings) as typeof foreign;
    expect(none.admin).to.deep.equal(foreign.admin);
    expect(none.apps.http.servers).to.deep.equal(foreign.apps.http.servers);
    expect(none.apps.tls.automation).to.deep.equal(foreign.apps.tls.automation);
    expect(JSON.stringify(none)).not.to.contain("overseer");
  });
});
