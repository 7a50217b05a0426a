import { expect } from "chai";
import { systemClock } from "../../src/base/clock.js";
import { mapLimit } from "../../src/base/semaphore.js";
import { loadClusterAccess } from "../../src/kube/client/auth.js";
import { KubeClient } from "../../src/kube/client/kube-client.js";
import { EventRecorder } from "../../src/kube/event-recorder.js";
import { Reflector } from "../../src/kube/watch/reflector.js";
import { builtinScope } from "../../src/manifest/builtin-scopes.js";
import { type ControlPlane, startControlPlane } from "../../tools/control-plane.js";
import { waitUntil } from "../../tools/wait-until.js";
import { FakeLogger } from "../unit/support/fake-logger.js";

const COUNT = 1000;
const PATH = "/api/v1/namespaces/default/configmaps";
const SUBJECT = { apiVersion: "v1", kind: "ConfigMap", namespace: "default", name: "cm-1", uid: "u1" };

interface ServedGroup {
  readonly preferredVersion: { readonly groupVersion: string };
}

interface Served {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

interface Kept {
  readonly uid: string;
  readonly version: string;
}

describe("The client on a real API server", function () {
  this.timeout(180_000);
  let plane: ControlPlane;
  let client: KubeClient;
  const requests: string[] = [];
  const logger = new FakeLogger();

  before(async () => {
    plane = await startControlPlane({ controllerManager: false, scheduler: false, kwok: false });
    const access = await loadClusterAccess({ kubeconfig: plane.kubeconfigPath });
    const onRequest = (method: string, code: string): void => {
      requests.push(`${method} ${code}`);
    };
    client = new KubeClient({ access, userAgent: "tests", onRequest });
  });
  after(async () => {
    await client?.close();
    await plane?.stop();
  });

  const create = (name: string): Promise<unknown> =>
    client.request({
      method: "POST",
      path: PATH,
      body: { metadata: { name, labels: { test: "yes" } }, data: { a: "1" } },
    });

  const change = (name: string, value: string): Promise<unknown> =>
    client.request({
      method: "PATCH",
      path: `${PATH}/${name}`,
      body: { data: { a: value } },
      contentType: "application/merge-patch+json",
    });

  const reflector = (): Reflector<Kept> =>
    new Reflector<Kept>({
      client,
      clock: systemClock,
      logger,
      path: "/api/v1/configmaps",
      labelSelector: "test=yes",
      mode: "metadata",
      reduce: (raw) => {
        expect(raw).not.to.have.property("data");
        return { uid: raw.metadata.uid, version: raw.metadata.resourceVersion };
      },
      uidOf: (kept) => kept.uid,
      onEvent: () => {},
    });

  async function onServer(): Promise<Map<string, string>> {
    const { body } = await client.request<{ items: { metadata: { name: string; resourceVersion: string } }[] }>({
      method: "GET",
      path: PATH,
      query: { labelSelector: "test=yes" },
    });
    return new Map(body.items.map(({ metadata }) => [`default/${metadata.name}`, metadata.resourceVersion]));
  }

  /** Waits until the copy is that of the server. */
  async function sameAsServer(copy: Reflector<Kept>): Promise<void> {
    const wanted = JSON.stringify([...(await onServer())].sort());
    await waitUntil({ what: "the copy is that of the server", timeoutMs: 60_000 }, () => {
      const have = [...copy.store].map(([key, { version }]) => [key, version]);
      return JSON.stringify(have.sort()) === wanted;
    });
  }

  it(`keeps a copy of ${COUNT} ConfigMaps across restarts of the API server, with few requests`, async () => {
    const names = Array.from({ length: COUNT }, (_, index) => `cm-${index}`);
    await mapLimit(names, 16, create);
    requests.length = 0;
    const copy = reflector();
    copy.start();
    await sameAsServer(copy);
    expect(copy.store.size).to.equal(COUNT);
    await mapLimit(names.slice(0, 50), 16, (name) => change(name, "2"));
    await client.request({ method: "DELETE", path: `${PATH}/cm-999` });
    await sameAsServer(copy);
    expect(requests.filter((line) => line.startsWith("WATCH"))).to.deep.equal(["WATCH 200"]);

    await plane.apiServer.stop({ kill: true });
    await plane.apiServer.start();
    await mapLimit(names.slice(50, 100), 16, (name) => change(name, "3"));
    await client.request({ method: "DELETE", path: `${PATH}/cm-998` });
    await create("cm-new");
    await sameAsServer(copy);
    expect(copy.store.size).to.equal(COUNT - 1);
    expect(requests.filter((line) => line.startsWith("WATCH")).length).to.be.at.most(12);
    expect(copy.synced).to.equal(true);
    await copy.stop();
  });

  it("knows the time of the API server, which dates objects", async () => {
    const name = "dated";
    await create(name);
    const known = client.serverTime() ?? 0;
    const { body } = await client.request<{ metadata: { creationTimestamp: string } }>({
      method: "GET",
      path: `${PATH}/${name}`,
    });
    const created = Date.parse(body.metadata.creationTimestamp);
    expect(known).to.be.at.least(created);
  });

  it("serves the built-in kinds with the scopes that are assumed without a cluster", async () => {
    const get = async <T>(path: string): Promise<T> => (await client.request<T>({ method: "GET", path })).body;
    const { groups } = await get<{ readonly groups: readonly ServedGroup[] }>("/apis");
    const versions = groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`);
    for (const path of ["/api/v1", ...versions]) {
      const served = await get<{ readonly groupVersion: string; readonly resources: readonly Served[] }>(path);
      const group = served.groupVersion.includes("/") ? (served.groupVersion.split("/")[0] ?? "") : "";
      for (const { name, kind, namespaced } of served.resources.filter(({ name }) => !name.includes("/")))
        expect(builtinScope({ group, kind }), `${group}/${name}`).to.equal(namespaced ? "Namespaced" : "Cluster");
    }
  });

  it("gets events written whose note and subject are as long and odd as can be", async () => {
    const recorder = new EventRecorder({
      client,
      clock: systemClock,
      logger,
      controller: "overseer.io/gitops",
      instance: "tests",
    });
    logger.lines.length = 0;
    const note = { type: "Warning", reason: "Tested", action: "Test" } as const;
    for (const [name, message] of [
      ["cm-1", "x".repeat(5000)],
      ["cm-1", "ü€😀".repeat(1000)],
      [`${"a".repeat(199)}.${"b".repeat(53)}`, "short"],
      ["system:Node", "short"],
    ] as const) {
      recorder.record({ ...SUBJECT, name, uid: `uid-${name}` }, { ...note, message });
      recorder.record({ ...SUBJECT, name, uid: `uid-${name}` }, { ...note, message });
    }
    await recorder.flush();
    expect(logger.lines).to.deep.equal([]);
    const path = "/apis/events.k8s.io/v1/namespaces/default/events";
    const { body } = await client.request<{
      items: { reason: string; series?: { count: number }; deprecatedLastTimestamp?: string }[];
    }>({ method: "GET", path });
    const ours = body.items.filter(({ reason }) => reason === "Tested");
    expect(ours.map(({ series }) => series?.count)).to.deep.equal([2, 2, 2, 2]);
    for (const { deprecatedLastTimestamp: last } of ours)
      expect(last, "what kubectl get events --sort-by=.lastTimestamp sorts by").to.be.a("string");
  });
});
