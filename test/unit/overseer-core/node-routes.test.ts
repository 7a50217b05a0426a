import { expect } from "chai";
import type { CoreRoute } from "../../../src/api/core/route.js";
import { routesOf } from "../../../src/overseer-core/operations/node-routes.js";
import type { Store } from "../../../src/overseer-core/store/store.js";

const route = (id: string, hostname: string, appId: string | null, auth?: string): CoreRoute => ({
  id,
  revision: 1,
  createdAt: "",
  updatedAt: "",
  hostname,
  path: `/${id}`,
  target: "web:80",
  appId,
  tls: false,
  middleware: auth === undefined ? {} : { auth },
  metadata: {},
  problem: null,
});

describe("the routes of a node", () => {
  const closed = (...routes: CoreRoute[]): Record<string, string | undefined> => {
    const store = {
      routes: { list: () => routes },
      apps: { runsOn: (app: string) => app === "here", find: (app: string) => ({ name: app }) },
      providers: { findByName: () => undefined },
    } as unknown as Store;
    return Object.fromEntries(routesOf(store, "node").map((one) => [one.id, one.closed]));
  };

  it("have those with sign-in that lead elsewhere, closed, if the node serves their host", () => {
    const found = closed(
      route("own", "a.test", "here", "sso"),
      route("homeless", "a.test", null, "sso"),
      route("elsewhere", "a.test", "there", "sso"),
      route("public", "a.test", "there"),
      route("unserved", "b.test", null, "sso"),
    );
    expect(Object.keys(found)).to.deep.equal(["own", "homeless", "elsewhere"]);
    expect(found.own).to.equal(undefined);
    expect(found.homeless).to.equal(
      "it has no app, so it leads nowhere and protects nothing: set its appId, or delete it",
    );
    expect(found.elsewhere).to.match(/does not run on this node/);
  });

  it("respect wildcards on both sides", () => {
    const wild = closed(route("own", "*.wild.test", "here"), route("one", "x.wild.test", null, "sso"));
    expect(Object.keys(wild)).to.deep.equal(["own", "one"]);
    const one = closed(route("own", "x.wild.test", "here"), route("wild", "*.wild.test", null, "sso"));
    expect(Object.keys(one)).to.deep.equal(["own", "wild"]);
  });
});
