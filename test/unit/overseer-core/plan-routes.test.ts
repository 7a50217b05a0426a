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
    ["with a wildcard in its path", { path: "/a*" }, /path contains/],
    ["with a placeholder in its path", { path: "/{env.HOME}" }, /path contains/],
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
