import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { loadClusterAccess } from "../../../src/kube/client/auth.js";
import { KubeClient } from "../../../src/kube/client/kube-client.js";
import type { RawObject } from "../../../src/kube/object.js";
import { Reflector } from "../../../src/kube/watch/reflector.js";
import type { ControlPlane } from "../../../tools/control-plane.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { ApiProxy } from "../../support/api-proxy.js";
import { makeCertificates } from "../../support/certificates.js";
import { sharedControlPlane } from "../../support/control-plane.js";
import { TestKube } from "../../support/kube.js";
import { fastClock, WatchedConfigMaps } from "../../support/watched-config-maps.js";
import { FakeLogger } from "../../unit/support/fake-logger.js";

const GET = { method: "GET", path: "/api/v1/namespaces/default" } as const;
/** Connections for requests that a client has unless told. */
const CONNECTIONS = 16;
/** No watch ends for its silence, however busy the machine is. */
const NO_SILENCE_MS = 600_000;
const GROUP = "threads.example.com";
const THINGS = `/apis/${GROUP}/v1/namespaces/default/things`;
const DEFINITION = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition" };
const DEFINITION_NAME = `things.${GROUP}`;

/** A kind of which only a time is known, and everything else is kept. */
const definition = {
  ...DEFINITION,
  metadata: { name: DEFINITION_NAME },
  spec: {
    group: GROUP,
    scope: "Namespaced",
    names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                "x-kubernetes-preserve-unknown-fields": true,
                properties: { when: { type: "string", format: "date-time" } },
              },
            },
          },
        },
      },
    ],
  },
};

/** What users of other clients have met, each by the number of its thread. */
describe("What went wrong with clients of others goes well here", function () {
  this.timeout(120_000);
  let plane: ControlPlane;
  let kube: TestKube;
  let proxy: ApiProxy;
  let client: KubeClient;
  /** What a test has opened, and ends whether it went well or not. */
  let opened: (() => Promise<unknown>)[] = [];
  before(async () => {
    plane = await sharedControlPlane();
    kube = await TestKube.connect(plane.kubeconfigPath);
  });
  beforeEach(async () => {
    proxy = await ApiProxy.start(plane);
    const access = await loadClusterAccess({ kubeconfig: await proxy.kubeconfig() });
    client = new KubeClient({ access, userAgent: "tests" });
  });
  afterEach(async () => {
    await Promise.all(opened.map((end) => end()));
    opened = [];
    await client.close();
    await proxy.stop();
  });
  after(async () => {
    await kube?.delete({ ...DEFINITION, name: DEFINITION_NAME });
    await kube?.client.close();
  });

  it("requests and watches share a few connections (client-javascript #2893, #494, #572, #288)", async () => {
    const maps = await WatchedConfigMaps.through(kube, await proxy.kubeconfig(), fastClock(40), NO_SILENCE_MS);
    opened.push(() => maps.remove());
    await maps.put("a");
    maps.reflector.start();
    await maps.same();
    const get = (): Promise<unknown> => maps.client.request(GET);
    for (let round = 0; round < 5; round++) {
      const [watch] = proxy.watches;
      watch?.end();
      await Promise.all(Array.from({ length: 60 }, get));
      await waitUntil({ what: "another watch", timeoutMs: 60_000, intervalMs: 5 }, () => {
        const [now] = proxy.watches;
        return now !== undefined && now !== watch;
      });
    }
    expect(proxy.count(({ path }) => path === GET.path)).to.equal(300);
    const watches = proxy.count((request) => request.watch);
    expect(watches).to.be.at.least(6);
    expect(proxy.open, "open now").to.be.at.most(CONNECTIONS + 1);
    expect(proxy.connections, "ever made").to.be.at.most(CONNECTIONS + watches);
    await maps.reflector.stop();
    await maps.client.close();
    await waitUntil({ what: "none is left", timeoutMs: 60_000, intervalMs: 5 }, () => proxy.open === 0);
  });

  it("unknown fields and times are kept (client-javascript #655, #852, #2018, #2125)", async () => {
    await kube.apply(definition);
    await kube.resource(`${GROUP}/v1`, "Thing");
    const spec = {
      when: "2026-02-03T04:05:06Z",
      dateLike: "2026-02-03",
      unheardOf: { deep: [1, "2", 1.5, true, { at: "2026-02-03T04:05:06.000Z" }], empty: {}, none: [] },
      "with.dots/and-dashes": "1500m",
    };
    const metadata = { name: "odd", namespace: "default" };
    const body = { apiVersion: `${GROUP}/v1`, kind: "Thing", metadata, spec };
    const seen: RawObject[] = [];
    const reflector = new Reflector<RawObject>({
      client,
      clock: systemClock,
      logger: new FakeLogger(),
      path: THINGS,
      mode: "full",
      reduce: (raw) => raw,
      uidOf: (raw) => raw.metadata.uid,
      onEvent: (event) => event.type !== "Deleted" && seen.push(event.object),
    });
    opened.push(() => reflector.stop());
    reflector.start();
    const made = (await client.request<RawObject>({ method: "POST", path: THINGS, body })).body;
    const path = `${THINGS}/odd`;
    const read = (await client.request<RawObject>({ method: "GET", path })).body;
    await waitUntil({ what: "the watch shows it", timeoutMs: 60_000, intervalMs: 5 }, () => seen.length > 0);
    for (const object of [made, read, seen[0]]) {
      expect(object?.spec).to.deep.equal(spec);
      expect(object?.metadata.creationTimestamp).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
    const back = (await client.request<RawObject>({ method: "PUT", path, body: seen[0] })).body;
    expect(back.metadata.resourceVersion, "as it was read it is what stands").to.equal(read.metadata.resourceVersion);
    const apply = { method: "PATCH", path, query: { fieldManager: "tests", force: "true" }, body } as const;
    const applied = await client.request<RawObject>({ ...apply, contentType: "application/apply-patch+yaml" });
    expect(applied.body.spec).to.deep.equal(spec);
    await client.request({ method: "DELETE", path });
  });

  it("a connection that the server has closed while idle fails no request (undici #5600)", async () => {
    await client.request(GET);
    const took: number[] = [];
    for (let round = 0; round < 10; round++) {
      const since = performance.now();
      await waitUntil({ what: "idle", timeoutMs: 5_000, intervalMs: 10 }, () => performance.now() - since > 100);
      const began = performance.now();
      await client.request(GET);
      took.push(performance.now() - began);
    }
    expect(proxy.connections, "it is the same connection").to.equal(1);
    // A stall is half a second; one of these may be late since the machine is busy, not most of them.
    const [median = 0] = took.sort((a, b) => a - b).slice(took.length / 2);
    expect(median).to.be.below(250);
    await Promise.all(Array.from({ length: CONNECTIONS }, () => client.request(GET)));
    proxy.cutAll();
    const answers = await Promise.all(Array.from({ length: CONNECTIONS }, () => client.request(GET)));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array(CONNECTIONS).fill(200));
  });

  it("HTTP/2 is not offered, whose sessions nobody would end (undici #5381)", async function () {
    const certificates = makeCertificates();
    if (!certificates) return this.skip();
    const offered: string[][] = [];
    await proxy.refuse();
    await proxy.listen({
      ...certificates.server,
      ALPNCallback: ({ protocols }) => {
        offered.push(protocols);
        return protocols[0];
      },
    });
    const server = `https://127.0.0.1:${proxy.port}`;
    const access = { server, tls: { ca: certificates.ca }, authHeaders: async () => ({}) };
    const secure = new KubeClient({ access, userAgent: "tests" });
    opened.push(() => secure.close());
    await secure.request(GET);
    const watch = await secure.stream({ ...GET, path: "/api/v1/namespaces", query: { watch: "1" } });
    expect(offered, "of a request and of a watch").to.deep.equal([["http/1.1"], ["http/1.1"]]);
    await watch[Symbol.asyncIterator]().return?.();
  });
});
