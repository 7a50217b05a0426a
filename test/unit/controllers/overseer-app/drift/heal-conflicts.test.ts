import { expect } from "chai";
import { silentLogger } from "../../../../../src/base/logger.js";
import { AppMemory } from "../../../../../src/controllers/overseer-app/app-memory.js";
import type { AppServices } from "../../../../../src/controllers/overseer-app/app-services.js";
import { healDrift } from "../../../../../src/controllers/overseer-app/drift/heal.js";
import { AppRun } from "../../../../../src/controllers/overseer-app/run.js";
import type { Destination } from "../../../../../src/destinations/destination.js";
import type { Document } from "../../../../../src/manifest/document.js";
import type { LiveObject } from "../../../../../src/plan/live.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { app, cacheOf } from "../../support/resources.js";

const HOUR = 3_600_000;
const KEY = "apps/Deployment/shop/web";
const ID = { group: "apps", version: "v1", kind: "Deployment", namespace: "shop", name: "web" };
const DOCUMENT = {
  id: ID,
  key: KEY,
  hash: "one",
  object: {},
  origin: { file: "x.yaml", line: 1 },
} as unknown as Document;

/** A competing writer: its delay after a heal, its name each time, and whether it writes managed fields. */
interface Rival {
  readonly afterMs: number;
  readonly name: (round: number) => string;
  readonly ours: boolean;
  /** Stops after this many writes. */
  readonly until?: number;
}

/** Results of a simulation. */
interface Fought {
  /** Heals that wrote something, per hour. */
  readonly writes: readonly number[];
  /** Applies that changed nothing, per hour. */
  readonly looks: readonly number[];
  readonly contested: readonly string[];
  readonly told: readonly string[];
  readonly notes: ReadonlySet<string>;
}

/** Simulates a competing writer against the real healing of an app for some hours, with a fake clock. */
async function fight(rival: Rival, hours = 24): Promise<Fought> {
  const clock = new FakeClock();
  const memory = new AppMemory();
  const told: string[] = [];
  const contested = new Set<string>();
  const notes = new Set<string>();
  const writes = Array.from({ length: hours }, () => 0);
  const looks = Array.from({ length: hours }, () => 0);
  const state = { live: "AsApplied" as LiveObject["state"], round: 0, version: 1 };
  let rivalAt = rival.afterMs;
  const live = (): LiveObject => ({
    id: ID,
    key: KEY,
    uid: "u",
    resourceVersion: String(state.version),
    ownership: "Owned",
    documentHash: "one",
    state: state.live,
    deleting: false,
    health: { status: "Healthy" },
  });
  const destination = {
    id: "test",
    recordedHash: () => "one",
    observe: () => ({ complete: true, incomplete: undefined, objects: new Map([[KEY, live()]]) }),
    describeDrift: () => (rival.ours ? rival.name(state.round) : undefined),
    heal: async () => {
      const hour = Math.floor(clock.monotonic() / HOUR);
      const count = rival.ours ? writes : looks;
      count[hour] = (count[hour] ?? 0) + 1;
      const wrote = state.live === "Drifted";
      state.live = "AsApplied";
      state.version++;
      rivalAt = clock.monotonic() + rival.afterMs;
      return { ok: true, wrote, notes: [] };
    },
  } as unknown as Destination;
  const observer = { drifted: () => {}, healed: () => {}, contested: () => {} };
  const events = {
    record: (_: unknown, { reason, message }: { reason: string; message: string }) =>
      told.push(`${reason}: ${message}`),
  };
  const services = { clock, observer, events, changes: cacheOf([]) } as unknown as AppServices;
  while (clock.monotonic() < hours * HOUR) {
    const run = new AppRun(services, destination, app("shop/web"), memory, silentLogger, new AbortController().signal);
    run.applied = { inputs: {} as never, documents: [DOCUMENT], kinds: [], notes: [], notesOmitted: 0 };
    await healDrift(run, true);
    for (const { object, note } of run.contested)
      contested.add(`${object}: ${note.replace(/\d+ restores/, "N restores")}`);
    if (run.drift[0]) notes.add(run.drift[0].note);
    const acts = state.live === "AsApplied" && state.round < (rival.until ?? Number.POSITIVE_INFINITY);
    const next = Math.min(acts ? rivalAt : Number.POSITIVE_INFINITY, clock.monotonic() + (run.requeueAfterMs ?? HOUR));
    clock.advance(Math.max(1, next - clock.monotonic()));
    if (acts && clock.monotonic() >= rivalAt) {
      state.live = rival.ours ? "Drifted" : "Unverified";
      state.round++;
      state.version++;
    }
  }
  return { writes, looks, contested: [...contested], told, notes };
}

const contests = ({ told }: Fought): string[] => told.filter((text) => text.startsWith("Contested: "));

describe("healing against a competing writer, over 24 hours", () => {
  it("writes a few times an hour, however fast a controller changes the field back", async () => {
    const fought = await fight({ afterMs: 5, name: () => "rival: .spec.paused", ours: true });
    expect(fought.writes[0], "the first hour").to.be.within(5, 12);
    expect(Math.max(...fought.writes.slice(1)), "every other hour").to.be.within(1, 6);
    expect(fought.contested).to.deep.equal([
      "Deployment shop/web: changed again after each of N restores (rival: .spec.paused): remove the field from Git, or stop the other writer",
    ]);
    expect(contests(fought), "told once").to.have.length(1);
    expect([...fought.notes].join()).to.include("reverted repeatedly, backing off");
  });

  it("names the remedy against an autoscaler that sets replicas in each cycle", async () => {
    const name = "kube-controller-manager (by /scale): .spec.replicas";
    const fought = await fight({ afterMs: 15_000, name: () => name, ours: true });
    expect(Math.max(...fought.writes.slice(1))).to.be.within(1, 6);
    expect(fought.contested.join()).to.include("remove spec.replicas from Git and let the autoscaler set it");
  });

  it("names the remedy against a certificate injector", async () => {
    const name = "cainjector: .webhooks[a].clientConfig.caBundle";
    const fought = await fight({ afterMs: 100, name: () => name, ours: true });
    expect(Math.max(...fought.writes.slice(1))).to.be.within(1, 6);
    expect(fought.contested.join()).to.include("remove caBundle from Git, since another controller injects it");
  });

  it("backs off against a writer that changes another field each time, and against two alternating writers", async () => {
    const wanderer = await fight({ afterMs: 5, name: (round) => `rival: .data.k${round}`, ours: true });
    expect(Math.max(...wanderer.writes.slice(1))).to.be.within(1, 6);
    expect(wanderer.writes[0]).to.be.at.most(22);
    expect(wanderer.contested.join()).to.include("(several writers)");
    const two = await fight({ afterMs: 5, name: (round) => `rival-${round % 2}: .data.a`, ours: true });
    expect(Math.max(...two.writes.slice(1))).to.be.within(1, 12);
  });

  it("verifies without writing where an injector or operator adds fields that Git does not set", async () => {
    const fought = await fight({ afterMs: 60_000, name: () => "injector", ours: false });
    expect(fought.writes).to.deep.equal(Array.from({ length: 24 }, () => 0));
    expect(Math.max(...fought.looks)).to.be.at.most(60);
    expect(fought.contested).to.deep.equal([]);
  });

  it("verifies at most once a second, however busy they are", async () => {
    const fought = await fight({ afterMs: 1, name: () => "injector", ours: false }, 1);
    expect(fought.looks[0]).to.be.at.most(3_600);
    expect(fought.told).to.deep.equal([]);
  });

  it("reverts occasional drift at once, without reporting a conflict", async () => {
    const fought = await fight({ afterMs: 12 * HOUR, name: () => "kubectl-edit: .spec.paused", ours: true }, 48);
    expect(fought.writes.reduce((sum, count) => sum + count, 0)).to.equal(3);
    expect([fought.contested, [...fought.notes]]).to.deep.equal([[], []]);
  });

  it("ends when the other writer stops", async () => {
    const clockHours = 3;
    const fought = await fight({ afterMs: 5, name: () => "rival: .data.a", ours: true, until: 6 }, clockHours);
    expect(fought.contested).to.have.length(1);
    expect(fought.writes.slice(1)).to.deep.equal([0, 0]);
  });
});
