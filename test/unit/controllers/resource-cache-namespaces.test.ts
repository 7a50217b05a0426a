import { expect } from "chai";
import type { CustomResource } from "../../../src/api/meta.js";
import { ResourceCache } from "../../../src/controllers/resource-cache.js";
import { type Call, FakeApiServer } from "../support/fake-api-server.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

type Thing = CustomResource<object, object>;

const RESOURCE = {
  ...{ group: "gitops.overseer.io", version: "v1alpha1", kind: "Thing", plural: "things" },
  ...{ namespaced: true, verbs: new Set<string>(), hasStatus: true },
};

function thing(namespace: string, version: string): Thing {
  const metadata = { name: "web", namespace, uid: `u-${namespace}`, resourceVersion: version, generation: 1 };
  return { apiVersion: "gitops.overseer.io/v1alpha1", kind: "Thing", metadata, spec: {} };
}

describe("controllers/resource-cache of some namespaces", () => {
  let server: FakeApiServer;
  let cache: ResourceCache<Thing>;
  const changes: string[] = [];
  beforeEach(async () => {
    changes.length = 0;
    server = await FakeApiServer.start();
    cache = new ResourceCache<Thing>({
      ...{ client: server.client(), clock: new FakeClock(), logger: new FakeLogger(), resource: RESOURCE },
      namespaces: ["a", "b"],
      onChange: (key) => changes.push(key),
    });
  });
  afterEach(async () => {
    await cache.stop();
    await server.close();
  });

  /** Completes the first list of a namespace, with one object. */
  function list(call: Call, namespace: string, version: string): void {
    const annotations = { "k8s.io/initial-events-end": "true" };
    const end = { type: "BOOKMARK", object: { metadata: { resourceVersion: version, annotations } } };
    call.open().send({ type: "ADDED", object: thing(namespace, version) }, end);
  }

  it("watches only these namespaces, and is synced when all their lists are complete", async () => {
    const started = cache.start();
    const calls = [await server.next(), await server.next()].sort((x, y) => (x.path < y.path ? -1 : 1));
    expect(calls.map(({ path }) => path)).to.deep.equal(
      ["a", "b"].map((name) => `/apis/gitops.overseer.io/v1alpha1/namespaces/${name}/things`),
    );
    const [a, b] = calls as [Call, Call];
    list(a, "a", "10");
    let whole = false;
    void started.then(() => {
      whole = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([whole, cache.synced]).to.deep.equal([false, false]);
    list(b, "b", "5");
    await started;
    expect(cache.synced).to.equal(true);
    expect([...cache.values()].map(({ metadata }) => metadata.namespace).sort()).to.deep.equal(["a", "b"]);
    expect(changes.sort()).to.deep.equal(["a/web", "b/web"]);
    expect(["a", "b", "c"].map((name) => cache.follows(name))).to.deep.equal([true, true, false]);
  });

  it("detects deletions by the list of the object's own namespace", async () => {
    const started = cache.start();
    const calls = [await server.next(), await server.next()].sort((x, y) => (x.path < y.path ? -1 : 1));
    const [a, b] = calls as [Call, Call];
    list(a, "a", "10");
    list(b, "b", "5");
    await started;
    const later = { ...thing("b", "7"), metadata: { ...thing("b", "7").metadata, name: "new", uid: "n" } };
    cache.note(later);
    expect(cache.get("b/new"), "the watch of b has not come to version 7").not.to.equal(undefined);
    const inA = { ...thing("a", "7"), metadata: { ...thing("a", "7").metadata, name: "old", uid: "o" } };
    cache.note(inA);
    expect(cache.get("a/old"), "the watch of a has passed version 7 without it").to.equal(undefined);
  });
});

describe("controllers/resource-cache of all but some namespaces", () => {
  it("leaves them out of its one watch", async () => {
    const server = await FakeApiServer.start();
    const cache = new ResourceCache<Thing>({
      ...{ client: server.client(), clock: new FakeClock(), logger: new FakeLogger(), resource: RESOURCE },
      ...{ except: ["a", "b"], onChange: () => {} },
    });
    void cache.start();
    const call = await server.next();
    expect(call.path).to.equal("/apis/gitops.overseer.io/v1alpha1/things");
    expect(call.query.fieldSelector).to.equal("metadata.namespace!=a,metadata.namespace!=b");
    expect(["a", "b", "c"].map((name) => cache.follows(name))).to.deep.equal([false, false, true]);
    await cache.stop();
    await server.close();
  });
});
