import { expect } from "chai";
import type { GitRepository } from "../../../src/api/git-repository.js";
import { API_VERSION } from "../../../src/api/group.js";
import { unreadableSpec } from "../../../src/controllers/readable-spec.js";
import { ResourceCache } from "../../../src/controllers/resource-cache.js";
import { eventually } from "../support/eventually.js";
import { type Call, FakeApiServer } from "../support/fake-api-server.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

function repository(version: number, url: unknown, uid = "u1"): object {
  const metadata = { name: "web", namespace: "shop", uid, resourceVersion: String(version), generation: version };
  return { apiVersion: API_VERSION, kind: "GitRepository", metadata, spec: { url, interval: "1m" } };
}

describe("a resource whose spec cannot be read", () => {
  let server: FakeApiServer;
  let cache: ResourceCache<GitRepository>;
  let watch: Call;
  let logger: FakeLogger;
  const changes: string[] = [];
  beforeEach(async () => {
    changes.length = 0;
    server = await FakeApiServer.start();
    logger = new FakeLogger();
    cache = new ResourceCache<GitRepository>({
      client: server.client(),
      clock: new FakeClock(),
      logger,
      resource: {
        ...{ group: "gitops.overseer.io", version: "v1alpha1", kind: "GitRepository", plural: "gitrepositories" },
        ...{ namespaced: true, verbs: new Set(), hasStatus: true },
      },
      trim: (object) => ({ ...object, spec: { ...object.spec, url: object.spec.url.trim() } }),
      onChange: (_key, current, previous, observed) =>
        changes.push(`${previous?.spec.url} (${observed?.spec.url}) > ${current?.spec.url}`),
    });
    const started = cache.start();
    watch = (await server.next()).open();
    const annotations = { "k8s.io/initial-events-end": "true" };
    const end = { type: "BOOKMARK", object: { metadata: { resourceVersion: "1", annotations } } };
    watch.send({ type: "ADDED", object: repository(1, 7) }, end);
    await started;
  });
  afterEach(async () => {
    await cache.stop();
    await server.close();
  });

  it("is cached once it can be read, stays as it was while it cannot, and can be deleted", async () => {
    expect([cache.get("shop/web"), changes]).to.deep.equal([undefined, []]);
    expect([cache.isUnreadable("shop/web"), cache.isUnreadable("shop/other")]).to.deep.equal([true, false]);
    watch.send({ type: "MODIFIED", object: repository(2, "https://a") });
    await eventually(
      "the event",
      () => JSON.stringify(changes) === JSON.stringify(["undefined (undefined) > https://a"]),
    );
    watch.send(
      { type: "MODIFIED", object: repository(3, null) },
      { type: "MODIFIED", object: repository(4, "https://b") },
    );
    await eventually(
      "the event",
      () => JSON.stringify(changes.slice(1)) === JSON.stringify(["https://a (https://a) > https://b"]),
    );
    watch.send({ type: "MODIFIED", object: repository(5, {}) }, { type: "DELETED", object: repository(6, {}) });
    await eventually(
      "the event",
      () => JSON.stringify(changes.slice(2)) === JSON.stringify(["https://b (https://b) > undefined"]),
    );
    expect(cache.get("shop/web")).to.equal(undefined);
    watch.send(
      { type: "ADDED", object: repository(7, [], "u2") },
      { type: "DELETED", object: repository(8, [], "u2") },
    );
    watch.send({ type: "ADDED", object: repository(9, "https://c", "u3") });
    await eventually(
      "the event",
      () => JSON.stringify(changes.slice(3)) === JSON.stringify(["undefined (undefined) > https://c"]),
    );
  });

  it("stays as it was when the operator writes its status", async () => {
    watch.send({ type: "MODIFIED", object: repository(2, "https://a") });
    await eventually("the event", () => changes.length === 1);
    cache.note(repository(3, 5) as GitRepository);
    expect(cache.get("shop/web")?.spec.url).to.equal("https://a");
  });

  it("is logged with the field and what to do", async () => {
    expect(logger.lines.map(({ message }) => message)).to.deep.equal([
      "ignoring a resource that cannot be read: spec.url: Invalid input: expected string, received number; apply the definitions (crds/) of this version, and correct it",
    ]);
  });

  it("lacks a field or has one of another type; a value of another version is readable", () => {
    const spec = { url: "https://git.example.com/a.git", interval: "1m" };
    expect(unreadableSpec("GitRepository", spec)).to.equal(undefined);
    expect(unreadableSpec("GitRepository", { ...spec, interval: "soon", more: 1 })).to.equal(undefined);
    expect(unreadableSpec("GitRepository", { ...spec, interval: 7 })).to.include("spec.interval: ");
    expect(unreadableSpec("GitRepository", undefined)).to.include("spec: ");
    expect(unreadableSpec("ConfigMap", undefined)).to.equal(undefined);
  });
});
