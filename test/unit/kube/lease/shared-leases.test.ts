import { expect } from "chai";
import { LeadershipGate } from "../../../../src/base/write-gate.js";
import { LeaseElector } from "../../../../src/kube/lease/lease-elector.js";
import type { LeaseRecord } from "../../../../src/kube/lease/lease-record.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLeases, turn } from "../../support/fake-leases.js";
import { FakeLogger } from "../../support/fake-logger.js";

const TIMING = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };
const SETTLE = 12;

/** A process that shares leases with others. */
class Member {
  readonly gate: LeadershipGate;
  readonly elector: LeaseElector;
  readonly holders: string[] = [];
  readonly foreign: LeaseRecord[] = [];
  hesitateMs = 0;
  acquired = 0;
  readonly #end = new AbortController();

  constructor(leases: FakeLeases, clock: FakeClock, identity: string) {
    this.gate = new LeadershipGate(clock);
    const client = leases.client(
      identity,
      () => "answered",
      () => false,
    );
    const metadata = { labels: {}, annotations: { "x/requested-by": "" } };
    this.elector = new LeaseElector({
      ...{ client, clock, gate: this.gate, logger: new FakeLogger(), observer: { leads: () => {}, renewed: () => {} } },
      ...{ namespace: "ns", name: "lease", identity, metadata, timing: TIMING, firstEver: false },
      sharing: {
        onHolder: (holder) => this.holders.push(holder),
        onAcquired: () => this.acquired++,
        onForeignWrite: (lease) => this.foreign.push(lease),
        hesitateMs: () => this.hesitateMs,
      },
    });
    void this.elector.acquire(this.#end.signal);
  }

  end(): void {
    this.#end.abort();
  }
}

describe("Processes that share leases", () => {
  const members: Member[] = [];
  afterEach(() => {
    for (const member of members.splice(0)) member.end();
  });

  async function setUp(...names: readonly string[]) {
    const clock = new FakeClock();
    const leases = new FakeLeases();
    leases.edit({ holderIdentity: "", leaseDurationSeconds: 1 });
    for (const name of names) {
      members.push(new Member(leases, clock, name));
      await turn(SETTLE);
    }
    const pass = async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 100) {
        clock.advance(100);
        await turn(SETTLE);
      }
    };
    return { leases, pass, clock };
  }

  it("leave a free lease to others for as long as they hesitate", async () => {
    const { leases, pass } = await setUp("a", "b");
    const [a, b] = members as [Member, Member];
    expect([a.acquired, b.acquired, b.holders]).to.deep.equal([1, 0, ["a"]]);
    b.hesitateMs = 300;
    await a.elector.release();
    await turn(SETTLE);
    await pass(200);
    expect(b.acquired).to.equal(0);
    await pass(200);
    expect(b.acquired).to.equal(1);
    expect(leases.lease?.spec?.holderIdentity).to.equal("b");
  });

  it("request a lease by an annotation, which its holder sees at its next renewal and removes", async () => {
    const { leases, pass } = await setUp("a", "b");
    const [a, b] = members as [Member, Member];
    const { leaseTransitions, renewTime } = leases.lease?.spec ?? {};
    expect(await b.elector.annotate({ "x/requested-by": "b" })).to.equal(true);
    expect(leases.lease?.metadata.annotations).to.deep.equal({ "x/requested-by": "b" });
    expect(leases.lease?.spec).to.include({ holderIdentity: "a", leaseTransitions, renewTime });
    await pass(2_500);
    expect(a.foreign.map(({ object }) => object.metadata.annotations)).to.deep.equal([{ "x/requested-by": "b" }]);
    expect(leases.lease?.metadata.annotations).to.deep.equal({});
    expect([a.gate.open, b.acquired]).to.deep.equal([true, 0]);
  });

  it("do not prolong the lease of a dead holder by a request", async () => {
    const { leases, pass, clock } = await setUp();
    leases.edit({ holderIdentity: "dead", leaseDurationSeconds: 15, renewTime: "2026-01-01T00:00:00.000000Z" });
    const more = new Member(leases, clock, "b");
    members.push(more);
    await turn(SETTLE);
    await pass(10_000);
    expect(await more.elector.annotate({ "x/requested-by": "b" })).to.equal(true);
    await pass(4_500);
    expect(more.acquired).to.equal(0);
    await pass(1_000);
    expect(more.acquired).to.equal(1);
    expect(leases.lease?.metadata.annotations).to.deep.equal({});
  });
});
