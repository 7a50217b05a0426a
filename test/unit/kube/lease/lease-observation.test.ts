import { expect } from "chai";
import { LeaseObservation } from "../../../../src/kube/lease/lease-observation.js";
import { type LeaseHolding, type LeaseRecord, readLease } from "../../../../src/kube/lease/lease-record.js";
import { FakeClock } from "../../support/fake-clock.js";

const HELD: LeaseHolding = {
  holder: "a",
  durationSeconds: 15,
  acquireTime: "2026-01-01T00:00:00.000000Z",
  renewTime: "2026-01-01T00:00:00.000000Z",
  transitions: 1,
};

function record(version: number, more: Partial<LeaseHolding> = {}): LeaseRecord {
  const metadata = { name: "lease", uid: "uid", resourceVersion: String(version) };
  return { ...HELD, ...more, object: { metadata } };
}

describe("LeaseObservation", () => {
  let clock: FakeClock;
  let sight: LeaseObservation;
  beforeEach(() => {
    clock = new FakeClock();
    sight = new LeaseObservation(clock, 15_000);
  });

  it("waits indefinitely before the first observation", () => {
    clock.advance(3_600_000);
    expect(sight.waitMs()).to.equal(Number.POSITIVE_INFINITY);
  });

  it("counts from the observation of a record, regardless of its timestamps", () => {
    for (const renewTime of ["1970-01-01T00:00:00.000000Z", "2999-01-01T00:00:00.000000Z", "", "nonsense"]) {
      const fresh = new LeaseObservation(clock, 15_000);
      fresh.observe(record(5, { renewTime, acquireTime: renewTime }));
      expect(fresh.waitMs(), renewTime).to.equal(15_000);
    }
  });

  it("restarts the wait with each renewal, but not for an unchanged record", () => {
    sight.observe(record(1));
    clock.advance(10_000);
    sight.observe(record(1));
    expect(sight.waitMs()).to.equal(5_000);
    sight.observe(record(2, { renewTime: "2026-01-01T00:00:02.000000Z" }));
    expect(sight.waitMs()).to.equal(15_000);
    clock.advance(15_000);
    expect(sight.waitMs()).to.equal(0);
  });

  it("keeps the newest version after a label change, without counting it as a renewal", () => {
    sight.observe(record(1));
    clock.advance(10_000);
    sight.observe(record(2));
    expect(sight.waitMs()).to.equal(5_000);
    expect(sight.record?.object.metadata.resourceVersion).to.equal("2");
  });

  it("takes a record that was read anew although its version is lower, as after a restore of etcd, and waits for its whole duration", () => {
    sight.observe(record(900));
    clock.advance(10_000);
    sight.observe(record(500, { renewTime: "2026-01-01T00:00:09.000000Z" }), true);
    expect(sight.record?.object.metadata.resourceVersion).to.equal("500");
    expect(sight.waitMs()).to.equal(15_000);
  });

  it("ignores outdated records", () => {
    sight.observe(record(10, { holder: "b" }));
    sight.observe(record(9, { holder: "", durationSeconds: 1 }));
    expect(sight.record?.holder).to.equal("b");
    expect(sight.waitMs()).to.equal(15_000);
  });

  it("waits for the longer of its own duration and the record's", () => {
    sight.observe(record(1, { durationSeconds: 60 }));
    expect(sight.waitMs()).to.equal(60_000);
    sight.observe(record(2, { durationSeconds: 1 }));
    expect(sight.waitMs()).to.equal(15_000);
    sight.observe(record(3, { durationSeconds: 0 }));
    expect(sight.waitMs()).to.equal(15_000);
  });

  it("is free at once after a release, but not after only the holder name was removed", () => {
    sight.observe(record(1, { holder: "", durationSeconds: 1 }));
    expect(sight.waitMs()).to.equal(0);
    sight.observe(record(2, { holder: "" }));
    expect(sight.waitMs()).to.equal(15_000);
  });

  it("waits for a holder that may not know that its lease was deleted", () => {
    sight.observe(record(1, { durationSeconds: 60 }));
    clock.advance(59_000);
    sight.observeAbsent();
    expect(sight.isMissing).to.equal(true);
    expect(sight.waitMs()).to.equal(0);
    clock.advance(30_000);
    sight.observe(record(2, { holder: "", transitions: 0 }));
    expect(sight.isMissing).to.equal(false);
    expect(sight.waitMs(), "as long as the deleted lease was valid").to.equal(60_000);
  });

  it("must create a missing lease before it may acquire it, unless none can have existed", () => {
    sight.observeAbsent();
    expect(sight.isMissing).to.equal(true);
    const first = new LeaseObservation(clock, 15_000, true);
    first.observeAbsent();
    expect(first.isMissing).to.equal(false);
    expect(first.waitMs()).to.equal(0);
    first.observeAbsent();
    expect(first.isMissing, "another process created it, and it is gone again").to.equal(true);
  });

  it("knows a lease that another standby created before the first leader as free", () => {
    const first = new LeaseObservation(clock, 15_000, true);
    first.observeAbsent();
    first.observe(record(1, { holder: "", transitions: 0 }));
    expect(first.waitMs()).to.equal(0);
    first.observe(record(2));
    first.observe(record(3, { holder: "", transitions: 0 }));
    expect(first.waitMs(), "a process has led").to.equal(15_000);
  });

  it("treats a missing lease as free only until it has observed one", () => {
    const first = new LeaseObservation(clock, 15_000, true);
    first.observe(record(1));
    first.observeAbsent();
    expect(first.isMissing).to.equal(true);
  });
});

describe("readLease", () => {
  const metadata = { name: "lease", uid: "uid", resourceVersion: "1" };

  it("reads what client-go writes", () => {
    const spec = {
      holderIdentity: "pod_1",
      leaseDurationSeconds: 15,
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:00:05.000000Z",
      leaseTransitions: 3,
    };
    const { object: _, ...holding } = readLease({ metadata, spec });
    expect(holding).to.deep.equal({
      holder: "pod_1",
      durationSeconds: 15,
      acquireTime: spec.acquireTime,
      renewTime: spec.renewTime,
      transitions: 3,
    });
  });

  for (const spec of [
    undefined,
    null,
    {},
    { holderIdentity: null, leaseDurationSeconds: "15", leaseTransitions: -1 },
  ]) {
    it(`reads ${JSON.stringify(spec)} as held by nobody, and not as given up`, () => {
      const sight = new LeaseObservation(new FakeClock(), 15_000);
      sight.observe(readLease({ metadata, spec }));
      expect(sight.record).to.include({ holder: "", durationSeconds: 0, transitions: 0 });
      expect(sight.waitMs()).to.equal(15_000);
    });
  }
});
