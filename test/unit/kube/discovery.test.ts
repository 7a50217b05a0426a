import { expect } from "chai";
import { Discovery } from "../../../src/kube/discovery.js";
import { rejection } from "../support/eventually.js";
import { type Call, FakeApiServer } from "../support/fake-api-server.js";
import { FakeClock } from "../support/fake-clock.js";

const POD = { group: "", version: "v1", kind: "Pod" };
const WIDGET = { group: "acme.io", version: "v1", kind: "Widget" };

function resource(kind: string, scope = "Namespaced", subresources: string[] = []): object {
  return {
    resource: `${kind.toLowerCase()}s`,
    responseKind: { group: "", version: "", kind },
    scope,
    verbs: ["get", "list", "watch"],
    subresources: subresources.map((subresource) => ({ subresource })),
  };
}

describe("kube/discovery", () => {
  let server: FakeApiServer;
  let clock: FakeClock;
  let discovery: Discovery;
  let widgets: boolean;
  let failing: boolean;

  beforeEach(async () => {
    server = await FakeApiServer.start();
    clock = new FakeClock();
    discovery = new Discovery(server.client(), clock);
    widgets = false;
    failing = false;
    server.onCall = answer;
  });
  afterEach(() => server.close());

  function answer(call: Call): void {
    const core = { versions: [{ version: "v1", resources: [resource("Pod", "Namespaced", ["log", "status"])] }] };
    const acme = {
      metadata: { name: "acme.io" },
      versions: [{ version: "v1", resources: [resource("Widget", "Cluster")] }, { version: "v2" }],
    };
    const odd = {
      metadata: { name: "odd.io" },
      versions: [{ version: "v1", resources: [{ resource: "x", scope: "", verbs: [] }] }],
    };
    if (failing) call.status(503, "ServiceUnavailable");
    else if (call.path === "/version") call.json({ gitVersion: "v1.35.4" });
    else if (call.path === "/api") call.json({ items: [core] });
    else call.json({ items: widgets ? [acme, odd] : [odd] });
  }

  /** Requests for kinds; the version is asked for beside them. */
  const listCalls = () => server.calls.filter(({ path }) => path !== "/version");

  it("reads the kinds of /api and /apis from one aggregated list each", async () => {
    widgets = true;
    expect(await discovery.find(POD)).to.deep.equal({
      ...POD,
      plural: "pods",
      namespaced: true,
      verbs: new Set(["get", "list", "watch"]),
      hasStatus: true,
    });
    expect(await discovery.find(WIDGET)).to.include({ plural: "widgets", namespaced: false, hasStatus: false });
    expect((await discovery.all()).map(({ kind }) => kind)).to.deep.equal(["Pod", "Widget"]);
    expect(server.calls.map(({ path }) => path).sort()).to.deep.equal(["/api", "/apis", "/version"]);
    for (const { headers } of listCalls())
      expect(headers.accept).to.equal("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
  });

  it("knows the version of the server, and does without it where that is refused", async () => {
    await discovery.all();
    expect(discovery.serverVersion).to.equal("v1.35.4");
    server.onCall = (call) => (call.path === "/version" ? call.status(403, "Forbidden") : answer(call));
    widgets = true;
    discovery.invalidate();
    expect(await discovery.find(WIDGET)).to.include(WIDGET);
    expect(discovery.serverVersion).to.equal("v1.35.4");
  });

  it("peeks only at loaded kinds", async () => {
    expect(discovery.peek(POD)).to.equal(undefined);
    await discovery.all();
    expect(discovery.peek(POD)).to.include({ plural: "pods" });
    expect(discovery.peek(WIDGET)).to.equal(undefined);
  });

  it("shares one load among concurrent calls", async () => {
    await Promise.all([discovery.find(POD), discovery.find(WIDGET), discovery.all(), discovery.find(POD)]);
    expect(listCalls().length).to.equal(2);
  });

  it("reloads for a missing kind at most once a second, and not for a known one", async () => {
    await discovery.find(POD);
    widgets = true;
    clock.advance(999);
    expect(await discovery.find(WIDGET)).to.equal(undefined);
    expect(listCalls().length).to.equal(2);
    clock.advance(1);
    expect(await discovery.find(POD)).to.include(POD);
    expect(listCalls().length).to.equal(2);
    expect(await discovery.find(WIDGET)).to.include(WIDGET);
    expect(listCalls().length).to.equal(4);
    for (let i = 0; i < 10; i++) await discovery.find({ ...WIDGET, kind: "None" });
    expect(listCalls().length).to.equal(4);
  });

  it("reloads after an invalidation", async () => {
    await discovery.all();
    widgets = true;
    discovery.invalidate();
    expect(discovery.peek(WIDGET)).to.equal(undefined);
    expect(await discovery.find(WIDGET)).to.include(WIDGET);
    widgets = false;
    discovery.invalidate();
    expect((await discovery.all()).length).to.equal(1);
  });

  it("reloads once more after an invalidation during a load", async () => {
    server.onCall = undefined;
    const early = discovery.find(POD);
    const calls = [await server.next(), await server.next()];
    discovery.invalidate();
    const late = discovery.find(WIDGET);
    for (const call of calls) answer(call);
    widgets = true;
    server.onCall = answer;
    expect(await early).to.include(POD);
    expect(await late).to.include(WIDGET);
  });

  it("keeps the kinds of an unavailable API, and names its APIService if they are unknown", async () => {
    const list = (versions: readonly object[]) => (call: Call) =>
      call.json({ items: call.path === "/apis" ? [{ metadata: { name: "acme.io" }, versions }] : [] });
    const stale = { version: "v1", freshness: "Stale" };
    server.onCall = list([stale]);
    expect(await discovery.find(WIDGET)).to.equal(undefined);
    expect(discovery.unavailableService(WIDGET)).to.equal("v1.acme.io");
    expect(discovery.unavailableService({ ...WIDGET, version: "v2" }), "another version").to.equal("v1.acme.io");
    expect(discovery.unavailableService({ ...WIDGET, group: "acme.io.example" })).to.equal(undefined);
    const reload = async (versions: readonly object[]) => {
      server.onCall = list(versions);
      discovery.invalidate();
      await discovery.all();
    };
    await reload([{ version: "v1", freshness: "Current", resources: [resource("Widget")] }]);
    expect(discovery.unavailableService(WIDGET)).to.equal(undefined);
    await reload([stale]);
    expect(discovery.peek(WIDGET)).to.include({ plural: "widgets" });
    expect(discovery.unavailableService(WIDGET), "known").to.equal(undefined);
    await reload([]);
    expect(discovery.peek(WIDGET)).to.equal(undefined);
    expect(discovery.unavailableService(WIDGET)).to.equal(undefined);
  });

  it("fails if loading fails, keeps the known kinds, and retries with the next call", async () => {
    failing = true;
    expect(await rejection(discovery.find(POD))).to.include({ statusCode: 503 });
    failing = false;
    expect(await discovery.find(POD)).to.include(POD);
    failing = true;
    discovery.invalidate();
    await rejection(discovery.all());
    expect(discovery.peek(POD)).to.include(POD);
    failing = false;
    expect((await discovery.all()).length).to.equal(1);
  });

  it("does not accept removed kinds from a starting server", async () => {
    widgets = true;
    await discovery.all();
    widgets = false;
    let ready = false;
    server.onCall = (call) => (call.path === "/readyz" && !ready ? call.status(500, "InternalError") : answer(call));
    discovery.invalidate();
    expect(await rejection(discovery.find(WIDGET))).to.include({ statusCode: 503 });
    expect(discovery.peek(WIDGET), "still known").to.not.equal(undefined);
    ready = true;
    expect(await discovery.find(WIDGET)).to.equal(undefined);
  });
});
