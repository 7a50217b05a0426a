import { expect } from "chai";
import { LeadershipGate } from "../../../../src/base/write-gate.js";
import { LeaseElector } from "../../../../src/kube/lease/lease-elector.js";
import type { LeaseHolding } from "../../../../src/kube/lease/lease-record.js";
import { LeaseStore } from "../../../../src/kube/lease/lease-store.js";
import { eventually, rejection } from "../../support/eventually.js";
import { FakeApiServer } from "../../support/fake-api-server.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";

const HOLDING: LeaseHolding = {
  holder: "me",
  durationSeconds: 15,
  acquireTime: "2026-01-01T00:00:00.000000Z",
  renewTime: "2026-01-01T00:00:02.000000Z",
  transitions: 4,
};
const PATH = "/apis/coordination.k8s.io/v1/namespaces/ns/leases";

describe("LeaseStore", () => {
  let server: FakeApiServer;
  let clock: FakeClock;
  let store: LeaseStore;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    clock = new FakeClock();
    store = new LeaseStore({ client: server.client(), clock, namespace: "ns", name: "lease", timeoutMs: 5_000 });
  });
  afterEach(() => server.close());

  it("replaces the lease by resourceVersion and keeps foreign fields", async () => {
    const lease = {
      metadata: { name: "lease", namespace: "ns", uid: "u", resourceVersion: "7", labels: { a: "b" } },
      spec: { holderIdentity: "old", strategy: "OldestEmulationVersion" },
    };
    server.onCall = (call) => call.json(call.method === "GET" ? lease : call.body);
    const read = await store.get();
    if (!read) throw new Error("there is a lease");
    expect(await store.update(read, HOLDING)).to.include({ holder: "me", transitions: 4 });
    const put = server.calls[1];
    expect(`${put?.method} ${put?.path}`).to.equal(`PUT ${PATH}/lease`);
    expect(put?.body).to.deep.equal({
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: lease.metadata,
      spec: {
        strategy: "OldestEmulationVersion",
        holderIdentity: "me",
        leaseDurationSeconds: 15,
        acquireTime: HOLDING.acquireTime,
        renewTime: HOLDING.renewTime,
        leaseTransitions: 4,
      },
    });
  });

  it("distinguishes a lost race from an error", async () => {
    server.onCall = (call) => call.status(409, "Conflict");
    expect(await store.create(HOLDING)).to.equal(undefined);
    server.onCall = (call) => call.status(404, "NotFound");
    expect(await store.get()).to.equal(undefined);
    expect(await rejection(store.create(HOLDING)), "no such namespace").to.have.property("code", "KUBE_404");
  });

  it("times out without a response", async () => {
    const answer = rejection(store.get());
    await server.next();
    clock.advance(5_000);
    expect(await answer)
      .to.have.property("message")
      .that.matches(/GET .*\/leases\/lease: no response from the API server within 5 s/);
  });

  it("names the missing permission, its namespace and the remedy", async () => {
    const message = 'leases.coordination.k8s.io "lease" is forbidden: User "x" cannot update resource "leases"';
    server.onCall = (call) => call.status(403, "Forbidden", { message });
    const error = await rejection(store.create(HOLDING));
    expect(error).to.have.property("code", "KUBE_403");
    expect(error)
      .to.have.property("message")
      .that.includes(message)
      .and.includes("get, list, watch, create and update on leases (coordination.k8s.io) in the namespace ns")
      .and.includes("--leader-election=false");
  });

  it("reports a standby's missing permission to watch the lease", async () => {
    server.onCall = (call) => call.status(403, "Forbidden", { message: 'cannot list resource "leases"' });
    const gate = new LeadershipGate(clock);
    const elector = new LeaseElector({
      client: server.client(),
      clock,
      logger: new FakeLogger(),
      namespace: "ns",
      name: "lease",
      identity: "me",
      timing: { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 },
      gate,
      firstEver: true,
      observer: { leads() {}, renewed() {} },
    });
    const end = new AbortController();
    const done = elector.acquire(end.signal);
    expect(await eventually("a problem", () => elector.problem)).to.match(/cannot list .*; grant .* list, watch/);
    expect(elector.leader).to.equal(undefined);
    end.abort();
    expect(await done).to.equal(false);
    expect(gate.open).to.equal(false);
  });
});
