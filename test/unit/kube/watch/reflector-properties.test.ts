import { expect } from "chai";
import fc from "fast-check";
import { eventually } from "../../support/eventually.js";
import { FakeCollection } from "../../support/fake-collection.js";
import { Rig } from "../../support/reflector-rig.js";

const name = fc.constantFrom("a", "b", "c", "d", "e");
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), name }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("delete" as const), name }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("end" as const),
      how: fc.constantFrom("end" as const, "cut", "half", "broken", "expired", "error"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom("bookmark" as const, "compact" as const, "settle" as const) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.constantFrom(900, 40_000, 700_000) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const scripts = fc.record({ streams: fc.boolean(), steps: fc.array(step, { maxLength: 25 }) });

describe("kube/reflector: random faults", () => {
  it("ends with a copy of the server's objects that matches the reported events", async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(scripts, async ({ streams, steps }) => {
        const collection = new FakeCollection();
        collection.streams = streams;
        collection.put("a");
        const rig = await Rig.start();
        try {
          rig.server.onCall = (call) => collection.answer(call);
          for (const call of rig.server.calls) collection.answer(call);
          for (const one of steps) await take(rig, collection, one);
          await settle(rig, collection);
          expect(copyByEvents(rig)).to.deep.equal(Object.fromEntries(rig.reflector.store));
        } finally {
          await rig.stop();
        }
      }),
      { numRuns: 60 },
    );
  });
});

async function take(rig: Rig, collection: FakeCollection, one: Step): Promise<void> {
  if (one.do === "put") collection.put(one.name);
  else if (one.do === "delete") collection.delete(one.name);
  else if (one.do === "end") collection.end(one.how);
  else if (one.do === "pass") rig.clock.advance(one.ms);
  else if (one.do === "settle") await settle(rig, collection);
  else collection[one.do]();
  await new Promise((resolve) => setImmediate(resolve));
}

/** Waits until the copy is that of the server, and lets pauses go by meanwhile. */
async function settle(rig: Rig, collection: FakeCollection): Promise<void> {
  const wanted = JSON.stringify([...collection.objects].map(([, one]) => one.value).sort());
  await eventually(`the copy is ${wanted}`, () => {
    const [next = Number.POSITIVE_INFINITY] = rig.clock.timers;
    if (next <= 60_000) rig.clock.advance(next);
    return (
      rig.reflector.synced &&
      wanted === JSON.stringify([...rig.reflector.store.values()].map((kept) => kept.value).sort())
    );
  });
}

/** The copy that somebody has who listened from the beginning. Checks that no event contradicts the ones before. */
function copyByEvents(rig: Rig): Record<string, unknown> {
  const copy = new Map<string, { uid: string }>();
  for (const event of rig.events) {
    const known = copy.get(event.key);
    if (event.type === "Added") expect(known).to.equal(undefined);
    else expect(known).to.deep.equal(event.previous);
    if (event.type === "Modified") expect(event.object.uid).to.equal(event.previous.uid);
    if (event.type === "Deleted") copy.delete(event.key);
    else copy.set(event.key, event.object);
  }
  return Object.fromEntries(copy);
}
