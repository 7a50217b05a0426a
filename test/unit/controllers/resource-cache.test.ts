import { expect } from "chai";
import type { CustomResource } from "../../../src/api/meta.js";
import { ResourceCache } from "../../../src/controllers/resource-cache.js";
import type { ResourceInfo } from "../../../src/kube/resource.js";
import { eventually } from "../support/eventually.js";
import { type Call, FakeApiServer } from "../support/fake-api-server.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

type Thing = CustomResource<{ readonly value: string }, object>;

const THINGS: ResourceInfo = {
  group: "gitops.overseer.io",
  version: "v1alpha1",
  kind: "Thing",
  plural: "things",
  namespaced: true,
  verbs: new Set(),
  hasStatus: true,
};

function thing(version: string, value: string, name = "web", uid = "u1"): Thing {
  const metadata = { name, namespace: "shop", uid, resourceVersion: version, generation: 1 };
  return { apiVersion: "gitops.overseer.io/v1alpha1", kind: "Thing", metadata, spec: { value } };
}

describe("controllers/resource-cache", () => {
  let server: FakeApiServer;
  let cache: ResourceCache<Thing>;
  let watch: Call;
  const changes: string[] = [];
  beforeEach(async () => {
    changes.length = 0;
    server = await FakeApiServer.start();
    cache = new ResourceCache<Thing>({
      client: server.client(),
      clock: new FakeClock(),
      logger: new FakeLogger(),
      resource: THINGS,
      groupBy: ({ spec }) => spec.value,
      onChange: (_key, current, previous) => changes.push(`${previous?.spec.value} > ${current?.spec.value}`),
    });
    const started = cache.start();
    watch = (await server.next()).open();
    const annotations = { "k8s.io/initial-events-end": "true" };
    const end = { type: "BOOKMARK", object: { metadata: { resourceVersion: "50", annotations } } };
    watch.send({ type: "ADDED", object: thing("50", "first") }, end);
    await started;
    changes.length = 0;
  });
  afterEach(async () => {
    await cache.stop();
    await server.close();
  });

  const value = (): string | undefined => cache.get("shop/web")?.spec.value;

  it("finds objects by group, also after a change of group or deletion", async () => {
    const ofGroup = (name: string): string[] => [...cache.of(name)].map(({ metadata }) => metadata.resourceVersion);
    expect(ofGroup("first")).to.deep.equal(["50"]);
    watch.send({ type: "MODIFIED", object: thing("60", "second") });
    await eventually("the change", () => value() === "second");
    expect([ofGroup("first"), ofGroup("second")]).to.deep.equal([[], ["60"]]);
    cache.note(thing("70", "third"));
    expect([ofGroup("second"), ofGroup("third")]).to.deep.equal([[], ["70"]]);
    watch.send({ type: "DELETED", object: thing("80", "third") });
    await eventually("it is gone", () => value() === undefined);
    expect(ofGroup("third")).to.deep.equal([]);
  });

  it("shows an own write at once, and ignores earlier events", async () => {
    cache.note(thing("70", "ours"));
    watch.send({ type: "MODIFIED", object: thing("60", "before") }, { type: "MODIFIED", object: thing("80", "after") });
    await eventually("the event after it", () => value() === "after");
    expect(changes).to.deep.equal(["ours > after"]);
  });

  it("follows the watch to a lower version after an etcd restore", async () => {
    watch.send({ type: "MODIFIED", object: thing("7", "restored") });
    await eventually("the old one", () => value() === "restored");
    expect(changes).to.deep.equal(["first > restored"]);
  });

  it("reports the same version once", async () => {
    watch.send({ type: "MODIFIED", object: thing("50", "first") }, { type: "MODIFIED", object: thing("51", "next") });
    await eventually("the next one", () => value() === "next");
    expect(changes).to.deep.equal(["first > next"]);
  });

  describe("the response to an earlier write of a deleted object", () => {
    const end = (version: string): object => {
      const annotations = { "k8s.io/initial-events-end": "true" };
      return { type: "BOOKMARK", object: { metadata: { resourceVersion: version, annotations } } };
    };

    it("is ignored after the deletion event", async () => {
      const client = server.client();
      const request = client.request<Thing>({ method: "PATCH", path: "/things/web/status", body: {} });
      const patch = await server.next();
      watch.send({ type: "DELETED", object: thing("71", "ours") });
      await eventually("it is gone", () => value() === undefined);
      patch.json(thing("70", "ours"));
      cache.note((await request).body);
      expect([value(), [...cache.values()], [...cache.of("ours")]]).to.deep.equal([undefined, [], []]);
    });

    it("does not replace a new object with the same name", async () => {
      watch.send({ type: "DELETED", object: thing("71", "ours") });
      watch.send({ type: "ADDED", object: thing("72", "new", "web", "u2") });
      await eventually("the new one", () => value() === "new");
      cache.note(thing("70", "ours"));
      expect(value()).to.equal("new");
    });

    it("is kept while a list is pending, and removed by that list", async () => {
      watch.send({ type: "DELETED", object: thing("71", "ours") });
      await eventually("it is gone", () => value() === undefined);
      watch.send({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
      const again = await server.next();
      cache.note(thing("70", "ours"));
      cache.note(thing("90", "created", "later", "u3"));
      changes.length = 0;
      again.open().send(end("80"));
      await eventually("the ghost is gone", () => value() === undefined);
      expect(
        [...cache.values()].map(({ metadata }) => metadata.name),
        "what the list is too old for",
      ).to.deep.equal(["later"]);
      expect(changes).to.deep.equal(["ours > undefined"]);
    });
  });

  it("shows a created object at once, but not one that was deleted meanwhile", async () => {
    cache.note(thing("70", "created", "next", "u2"));
    expect(cache.get("shop/next")?.spec.value).to.equal("created");
    const created = thing("80", "short", "brief", "u3");
    watch.send({ type: "ADDED", object: created }, { type: "DELETED", object: { ...created, spec: { value: "end" } } });
    await eventually("both events", () => changes.length === 2);
    cache.note(created);
    expect(cache.get("shop/brief")).to.equal(undefined);
    expect(cache.get("shop/next")?.spec.value, "it has not been told of").to.equal("created");
  });
});
