import { expect } from "chai";
import fc from "fast-check";
import type { Clock, Timer } from "../../../../src/base/clock.js";
import { LeadershipGate } from "../../../../src/base/write-gate.js";
import type { KubeRequest } from "../../../../src/kube/client/kube-client.js";
import { LeaseElector } from "../../../../src/kube/lease/lease-elector.js";
import { FakeLeases, type Fate, turn } from "../../support/fake-leases.js";
import { FakeLogger } from "../../support/fake-logger.js";

const TIMING = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 };
/** A standby misses that a missing lease is created and acquired, and the lease is deleted before the standby's turn. */
const BLIND_STANDBY = [
  { who: 0, what: "cut", ms: 1_135 },
  { who: 2, what: "replace", ms: 1_152 },
  { who: 0, what: "cut", ms: 471 },
  { who: 2, what: "deaf", ms: 3_279 },
  { who: 0, what: "cut", ms: 8_968 },
  { who: 0, what: "delete", ms: 1_130 },
];
/** More turns than a request, its answer and what follows from it need. */
const SETTLE = 12;

/** The clock of one process: its wall clock may be anything, and its timers may stand still while time goes on. */
class ProcessClock implements Clock {
  /** The wall clock is wrong by this many milliseconds. */
  skew = 0;
  /** Whether the process is stopped: no timer fires. */
  stopped = false;
  #time = 0;
  readonly #timers = new Set<{ readonly at: number; readonly fn: () => void }>();

  now(): number {
    return Date.UTC(2026, 0, 1) + this.#time + this.skew;
  }

  monotonic(): number {
    return this.#time;
  }

  after(ms: number, fn: () => void): Timer {
    const timer = { at: this.#time + ms, fn };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  advance(ms: number): void {
    const end = this.#time + ms;
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.#timers.delete(next);
      this.#time = Math.max(this.#time, next.at);
      next.fn();
    }
    this.#time = end;
  }

  /** The process goes on: all timers that are due fire, each as late as it is. */
  wake(): void {
    this.stopped = false;
    this.advance(0);
  }

  #due(end: number): { readonly at: number; readonly fn: () => void } | undefined {
    if (this.stopped) return undefined;
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** One process that takes part. */
class Member {
  readonly clock = new ProcessClock();
  readonly gate = new LeadershipGate(this.clock);
  readonly logger = new FakeLogger();
  readonly elector: LeaseElector;
  readonly requests: KubeRequest[] = [];
  fate: Fate = "answered";
  deaf = false;
  leads = false;
  readonly #end = new AbortController();
  readonly #done: Promise<boolean>;

  constructor(leases: FakeLeases, identity: string, firstEver = false) {
    const client = leases.client(
      identity,
      (request) => {
        this.requests.push(request);
        return this.fate;
      },
      () => this.deaf,
    );
    const { clock, gate, logger } = this;
    const observer = {
      leads: (yes: boolean) => {
        this.leads = yes;
      },
      renewed: () => {},
    };
    const lease = { namespace: "ns", name: "lease", identity, timing: TIMING, firstEver };
    this.elector = new LeaseElector({ client, clock, gate, logger, observer, ...lease });
    this.#done = this.elector.acquire(this.#end.signal);
  }

  async end(): Promise<boolean> {
    this.#end.abort();
    return this.#done;
  }

  async release(): Promise<void> {
    await this.elector.release();
  }
}

describe("LeaseElector", () => {
  let leases: FakeLeases;
  let members: Member[];
  beforeEach(() => {
    leases = new FakeLeases();
    members = [];
  });
  afterEach(async () => {
    for (const member of members) await member.end();
  });

  async function join(identity: string, firstEver = false): Promise<Member> {
    const member = new Member(leases, identity, firstEver);
    members.push(member);
    await turn(SETTLE);
    return member;
  }

  /** Lets time pass for all who are awake. */
  async function pass(ms: number, step = 500): Promise<void> {
    for (let left = ms; left > 0; left -= step) {
      for (const { clock } of members) clock.advance(Math.min(step, left));
      await turn(SETTLE);
    }
  }

  /** Those who may write now; who is stopped cannot. */
  const leaders = (): string[] =>
    members.filter(({ clock, gate }) => !clock.stopped && gate.open).map(({ elector }) => elector.leader ?? "");

  it("elects the first process ever at once, and writes the lease as client-go does", async () => {
    const a = await join("a", true);
    expect(a.gate.open).to.equal(true);
    expect(a.leads).to.equal(true);
    expect(leases.lease?.spec).to.deep.equal({
      holderIdentity: "a",
      leaseDurationSeconds: 15,
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:00:00.000000Z",
      leaseTransitions: 0,
    });
    await pass(4_000);
    expect(leases.lease?.spec).to.include({
      acquireTime: "2026-01-01T00:00:00.000000Z",
      renewTime: "2026-01-01T00:00:04.000000Z",
    });
  });

  it("elects one of two processes that start together", async () => {
    leases.edit({ holderIdentity: "", leaseDurationSeconds: 1 });
    members.push(new Member(leases, "a"), new Member(leases, "b"));
    await turn(SETTLE * 2);
    expect(leaders()).to.have.length(1);
    await pass(60_000);
    expect(leaders()).to.have.length(1);
  });

  it("costs the leader one request per period and a standby none", async () => {
    const a = await join("a", true);
    const b = await join("b");
    const before = [a.requests.length, b.requests.length];
    await pass(60_000);
    expect(a.requests.slice(before[0]).map(({ method }) => method)).to.deep.equal(Array(30).fill("PUT"));
    expect(b.requests.length).to.equal(before[1]);
    expect(b.elector.leader).to.equal("a");
  });

  it("passes on a released lease at once, and the former leader never writes again", async () => {
    const a = await join("a", true);
    const b = await join("b");
    await a.release();
    await turn(SETTLE);
    expect([a.gate.open, b.gate.open]).to.deep.equal([false, true]);
    expect(leases.lease?.spec).to.include({ holderIdentity: "b", leaseTransitions: 1 });
    await pass(60_000);
    expect(leases.written.slice(leases.written.indexOf("b"))).not.to.include("a");
  });

  it("waits until the lease of a dead leader has expired", async () => {
    const a = await join("a", true);
    const b = await join("b");
    a.clock.stopped = true;
    await pass(14_900, 100);
    expect(b.gate.open).to.equal(false);
    await pass(100, 100);
    expect(b.gate.open).to.equal(true);
  });

  it("closes the gate of a leader that cannot renew before another gate opens", async () => {
    const a = await join("a", true);
    const b = await join("b");
    a.fate = "lost";
    for (let ms = 0; ms < 20_000; ms += 250) {
      await pass(250, 250);
      expect(leaders()).to.have.length.at.most(1);
    }
    expect([a.gate.open, b.gate.open, a.leads]).to.deep.equal([false, true, false]);
  });

  it("lets a suspended leader whose lease expired send nothing", async () => {
    const a = await join("a", true);
    await join("b");
    a.clock.stopped = true;
    await pass(60_000);
    expect(leaders()).to.deep.equal(["b"]);
    const before = a.requests.length;
    a.clock.wake();
    await turn(SETTLE);
    expect(a.gate.open).to.equal(false);
    expect(a.requests.length).to.equal(before);
  });

  for (const skew of [-86_400_000, 86_400_000, 3_000_000_000]) {
    it(`is not misled by a wall clock that jumps by ${skew} ms, of the leader or of a standby`, async () => {
      const a = await join("a", true);
      const b = await join("b");
      for (const jumping of [a, b]) {
        jumping.clock.skew = skew;
        await pass(40_000);
        expect(leaders()).to.deep.equal(["a"]);
        jumping.clock.skew = 0;
        await pass(40_000);
        expect(leaders()).to.deep.equal(["a"]);
      }
    });
  }

  it("does not use a lease acquired while suspended, but waits until it expires", async () => {
    const a = await join("a", true);
    const b = await join("b");
    a.clock.stopped = true;
    b.clock.advance(15_000);
    await sent();
    b.clock.advance(11_000);
    await turn(SETTLE);
    expect(leases.lease?.spec?.holderIdentity).to.equal("b");
    expect(b.gate.open).to.equal(false);
    await pass(15_000);
    expect(b.gate.open).to.equal(true);
    expect(leases.lease?.spec).to.include({ holderIdentity: "b", leaseTransitions: 2 });
  });

  it("continues when the response to a renewal is lost", async () => {
    const a = await join("a", true);
    a.fate = "unanswered";
    await pass(4_000);
    a.fate = "answered";
    await pass(30_000);
    expect(leaders()).to.deep.equal(["a"]);
  });

  it("stops leading when the lease names another holder, and does not overwrite it", async () => {
    const a = await join("a", true);
    leases.edit({ holderIdentity: "somebody" });
    await pass(2_000);
    expect(a.gate.open).to.equal(false);
    expect(leases.lease?.spec?.holderIdentity).to.equal("somebody");
    expect(() => a.gate.check()).to.throw(/now held by "somebody"/);
  });

  it("does not mistake a lease with its own identity written by another process for its own", async () => {
    const a = await join("same", true);
    const b = await join("same");
    await pass(30_000);
    expect([a.gate.open, b.gate.open]).to.deep.equal([true, false]);
    leases.edit({ acquireTime: "2026-01-01T00:00:01.000000Z" });
    await pass(2_000);
    expect(a.gate.open).to.equal(false);
  });

  it("stops when aborted, without a lease", async () => {
    await join("a", true);
    const b = await join("b");
    expect(await b.end()).to.equal(false);
    expect(leases.written).not.to.include("b");
  });

  it("never has two leaders, whatever happens", async () => {
    const event = fc.record({
      who: fc.nat(2),
      what: fc.constantFrom(
        "cut",
        "mute",
        "heal",
        "deaf",
        "sleep",
        "wake",
        "skew",
        "delete",
        "empty",
        "rename",
        "replace",
      ),
      ms: fc.integer({ min: 1, max: 12_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 5, maxLength: 25 }), async (events) => {
        leases = new FakeLeases();
        members = [new Member(leases, "0"), new Member(leases, "1"), new Member(leases, "2")];
        await turn(SETTLE);
        for (const { who, what, ms } of events) {
          await happen(who, what, ms);
          for (let left = ms; left > 0; left -= 700) {
            await pass(Math.min(700, left), 700);
            expect(leaders()).to.have.length.at.most(1);
          }
        }
        for (const member of members) await member.end();
      }),
      { numRuns: 60, examples: [[BLIND_STANDBY]] },
    );
  }).timeout(120_000);

  /** Lets a request leave, but no answer come. */
  async function sent(): Promise<void> {
    for (let step = 0; step < 10; step++) await Promise.resolve();
  }

  async function happen(who: number, what: string, ms: number): Promise<void> {
    const member = members[who];
    if (!member) return;
    if (what === "cut") member.fate = "lost";
    if (what === "mute") member.fate = "unanswered";
    if (what === "heal") {
      member.fate = "answered";
      member.deaf = false;
    }
    if (what === "deaf") member.deaf = true;
    if (what === "sleep") member.clock.stopped = true;
    if (what === "wake") member.clock.wake();
    if (what === "skew") member.clock.skew = (ms - 6_000) * 1_000_000;
    if (what === "delete") leases.edit(undefined);
    if (what === "empty" && leases.lease) leases.edit({ holderIdentity: "" });
    if (what === "rename" && leases.lease) leases.edit({ holderIdentity: "somebody" });
    if (what === "replace" && !member.gate.open) {
      await member.end();
      members[who] = new Member(leases, `${who}-${ms}`);
    }
    await turn(SETTLE);
  }
});
