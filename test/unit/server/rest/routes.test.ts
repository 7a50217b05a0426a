import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import { ProblemError } from "../../../../src/http/problem.js";
import { HttpServer } from "../../../../src/http/server.js";
import { KubeStatusError } from "../../../../src/kube/errors.js";
import type { ResourceInfo } from "../../../../src/kube/resource.js";
import { restRoutes } from "../../../../src/server/rest/api.js";
import { EventHub } from "../../../../src/server/rest/events/event-hub.js";
import { Streams } from "../../../../src/server/rest/events/streams.js";
import type { Identity } from "../../../../src/server/rest/identity/identity.js";
import type { UserKube, UserRequest } from "../../../../src/server/rest/identity/user-requests.js";
import { Snapshots } from "../../../../src/server/rest/lists/snapshots.js";
import { mountRest } from "../../../../src/server/rest/mount.js";
import { RateLimits } from "../../../../src/server/rest/rate-limits.js";
import type { RestParts } from "../../../../src/server/rest/route.js";
import { FakeLogger } from "../../support/fake-logger.js";

const PUBLIC = [
  "DELETE /api/gitops/session",
  "GET /api/gitops/openapi.json",
  "GET /api/gitops/sign-in",
  "GET /api/gitops/sign-in/callback",
  "GET /api/gitops/sign-in/oidc",
];
const CANARY = "canary-of-the-request";
/** Query of the route of one object. */
const OBJECT = "?apiVersion=v1&kind=ConfigMap&namespace=shop&name=web";

function kind(name: string): ResourceInfo {
  const plural = `${name.toLowerCase()}s`;
  return { group: "x", version: "v1", kind: name, plural, namespaced: true, verbs: new Set(), hasStatus: true };
}

describe("The routes of the REST API", function () {
  this.timeout(30_000);
  const asked: [string, UserRequest][] = [];
  let answer: (request: UserRequest) => unknown = () => ({ metadata: {}, spec: {} });
  const kube = (name: string): UserKube => ({
    request: async (request) => {
      asked.push([name, request]);
      return { status: 200, warnings: [], body: answer(request) as never };
    },
    stream: async () => {
      throw new KubeStatusError(403, {}, "");
    },
  });
  const empty = { get: () => undefined, values: () => [] };
  const nothing = { includes: () => false, knows: () => true, signature: "" };
  const parts = {
    clock: systemClock,
    users: { as: ({ name }: Identity) => kube(name) },
    rights: { readable: async () => nothing, can: async () => [] },
    resources: { app: kind("App"), change: kind("Change"), approval: kind("Approval"), repository: kind("Repository") },
    ...{ apps: empty, changes: empty, repositories: empty, kinds: { findAny: async () => undefined } },
    snapshots: new Snapshots(systemClock),
    hub: new EventHub(),
    streams: new Streams(),
    version: () => "0",
    sessions: undefined,
    stillSignedIn: async () => {},
    programVersion: "0",
  } as unknown as RestParts;
  const routes = restRoutes(parts);
  const logger = new FakeLogger();
  const server = new HttpServer({ host: "127.0.0.1", port: 0, addressFlags: "", clock: systemClock, logger });
  let url: string;
  before(async () => {
    const authenticate = async (token: string): Promise<Identity> => {
      if (token !== "good") throw new ProblemError("UNAUTHENTICATED", "the request needs a valid token");
      return { name: "eve", groups: [], signedInBy: "token", credential: { kind: "token", token } };
    };
    const sizes = { user: { burst: 10_000, perSecond: 1 }, refused: { burst: 10_000, perSecond: 1 } };
    mountRest(server, routes, {
      ...{ tokens: { authenticate }, sessions: undefined, limits: new RateLimits(systemClock, sizes) },
    });
    url = `http://127.0.0.1:${await server.start()}`;
  });
  after(() => server.stop());
  beforeEach(() => {
    asked.length = 0;
  });

  const call = async (method: string, path: string, token?: string, body?: string, type = "application/json") => {
    const headers: Record<string, string> = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    if (body !== undefined) headers["content-type"] = type;
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, text, headers: response.headers };
  };
  const fill = (path: string): string => path.replace(":namespace", "shop").replace(":name", "web");

  it("need a user, except for those of the sign-in and the document", () => {
    const anonymous = routes
      .filter(({ access }) => access === "anonymous")
      .map(({ method, path }) => `${method} ${path}`);
    expect(anonymous.sort()).to.deep.equal(PUBLIC);
  });

  it("refuse everyone else before anything is read or asked, all alike", async () => {
    const answers = new Set<string>();
    for (const { method, path, access } of routes) {
      if (access === "anonymous") continue;
      for (const token of [undefined, "bad"]) {
        const body = method === "GET" ? undefined : `{"broken": ${CANARY}`;
        const { status, text, headers } = await call(method, fill(path), token, body);
        answers.add(`${status} ${JSON.parse(text).code} ${headers.get("www-authenticate")}`);
      }
    }
    expect([...answers]).to.deep.equal(["401 UNAUTHENTICATED Bearer"]);
    expect(asked).to.deep.equal([]);
  });

  it("show what is forbidden to read as what does not exist", async () => {
    const reads = routes.filter(
      ({ method, path, access }) => method === "GET" && access === "user" && path.includes(":name"),
    );
    const answers = new Set<string>();
    for (const statusCode of [403, 404]) {
      answer = () => {
        throw new KubeStatusError(statusCode, { message: `${CANARY} is forbidden` }, "");
      };
      for (const { path } of reads.filter(({ path }) => !path.endsWith("/changes"))) {
        const query = path.endsWith("/logs") ? "?pod=shop/web" : path.endsWith("/object") ? OBJECT : "";
        const { status, text } = await call("GET", `${fill(path)}${query}`, "good");
        answers.add(`${status} ${text}`);
      }
    }
    expect(answers.size).to.equal(1);
    expect([...answers][0]).to.match(/^404 .*there is nothing at this path/);
  });

  it("check names before anything is asked", async () => {
    answer = () => ({ metadata: {}, spec: {} });
    const names = ["a%2Fb", "..%2F..", "A", "a_b", "-a", "a".repeat(64), "%00", "a%0d%0ax", "__proto__", "*"];
    for (const name of names) {
      for (const path of [`/api/gitops/apps/${name}/web`, `/api/gitops/changes/${name}/web`]) {
        const { status, text } = await call("GET", path, "good");
        expect([400, 404], `${path} ${text}`).to.include(status);
      }
    }
    expect(asked).to.deep.equal([]);
  });

  const sync = "/api/gitops/apps/shop/web/sync";
  const bodies: readonly (readonly [string, string, string, number, string])[] = [
    ["too large", JSON.stringify({ dryRun: "x".repeat(300_000) }), "application/json", 413, "BODY_TOO_LARGE"],
    ["not JSON", `{"a": ${CANARY}`, "application/json", 400, "INVALID"],
    ["of another type", `a=${CANARY}`, "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["text that a browser may send to other sites", `{"dryRun":true}`, "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["with odd spaces in its type", `{"dryRun":true}`, "application/json\ta", 415, "UNSUPPORTED_MEDIA_TYPE"],
    ["with an unknown field", `{"${CANARY}":1}`, "application/json", 400, "INVALID"],
    ["nested deeply", `${"[".repeat(100)}${"]".repeat(100)}`, "application/json", 400, "INVALID"],
    ["with __proto__", '{"__proto__":{"dryRun":true}}', "application/json", 400, "INVALID"],
    ["a list", "[]", "application/json", 400, "INVALID"],
  ];
  for (const [what, body, type, status, code] of bodies) {
    it(`refuse a body that is ${what}, and do not repeat it`, async () => {
      const response = await call("POST", sync, "good", body, type);
      expect([response.status, JSON.parse(response.text).code]).to.deep.equal([status, code]);
      if (what !== "with an unknown field") expect(response.text).to.not.contain(CANARY);
      expect(asked).to.deep.equal([]);
    });
  }

  it("do not repeat values that the API server quotes", async () => {
    const message = `Change.gitops "x" is invalid: spec.app: Invalid value: "${CANARY}": must be a name`;
    const causes = [{ field: "spec.objects[2].name", message: `Invalid value: "${CANARY}": must be a name` }];
    answer = ({ method }) => {
      if (method === "GET") return { metadata: {}, spec: {} };
      throw new KubeStatusError(422, { message, details: { causes } }, "");
    };
    const { status, text } = await call("POST", sync, "good", "{}");
    expect(status).to.equal(400);
    expect(text).to.not.contain(CANARY);
    expect(JSON.parse(text).errors).to.deep.equal([{ pointer: "#/spec/objects/2/name", detail: "must be a name" }]);
  });

  it("write in the name of the user only", async () => {
    answer = () => ({ metadata: { namespace: "shop", name: "web", uid: "u" }, spec: { app: { name: "web" } } });
    await call("POST", sync, "good", "{}");
    await call("POST", "/api/gitops/apps/shop/web/suspend", "good");
    expect(new Set(asked.map(([name]) => name))).to.deep.equal(new Set(["eve"]));
    expect(asked.map(([, { method }]) => method)).to.deep.equal(["GET", "POST", "GET", "PATCH"]);
  });
});
