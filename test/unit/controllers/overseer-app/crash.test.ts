import { expect } from "chai";
import { FAILPOINTS, type Failpoint } from "../../../../src/base/failpoint.js";
import { Heart, KilledError } from "../support/heart.js";

const map = (name: string, v: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { v: "${v}" }\n`;
const INNER = {
  "ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: { name: inner }\n",
  "inner.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: i, namespace: inner }\n",
};
const hook = (v: string): string =>
  map("hook", v).replace("name: hook", "name: hook, annotations: { gitops.overseer.io/hook: PreSync }");
const FIRST = {
  ...INNER,
  "hook.yaml": hook("1"),
  "a.yaml": map("a", "1"),
  "b.yaml": map("b", "1"),
  "gone.yaml": map("gone", "1"),
};
const SECOND = {
  ...INNER,
  "hook.yaml": hook("1"),
  "a.yaml": map("a", "2"),
  "b.yaml": map("b", "1"),
  "new.yaml": map("new", "1"),
};
const THIRD = { ...SECOND, "b.yaml": map("b", "3") };
/** Boundaries of the reconciler; those of Git and of the Core are passed elsewhere. */
const POINTS = FAILPOINTS.filter((point) => point.startsWith("app:"));

/** Steps in the life of an app, each from rest to rest. */
const STEPS: readonly ((heart: Heart) => void)[] = [
  (heart) => {
    heart.commit(FIRST);
    heart.apply("web");
  },
  (heart) => void heart.commit(SECOND),
  (heart) => {
    heart.apply("web", { sync: { mode: "Manual" } });
    heart.commit(THIRD);
    heart.request("by-hand", "web");
  },
  (heart) => heart.deleteApp("web"),
];

interface State {
  readonly objects: readonly string[];
  readonly changes: readonly string[];
  readonly conditions: readonly string[];
}

function stateOf(heart: Heart): State {
  return { objects: heart.objects(), changes: heart.changes("web"), conditions: heart.conditions("web") };
}

/** Runs the steps; kills the process at the `occurrence`-th time of a boundary in each step, and starts it again. */
async function live(kill?: { readonly point: Failpoint; readonly occurrence: number }) {
  const heart = new Heart();
  const states: State[] = [];
  let kills = 0;
  for (const step of STEPS) {
    let passed = 0;
    heart.start((point) => {
      if (point === kill?.point && ++passed === kill.occurrence) throw new KilledError(point);
    });
    step(heart);
    try {
      await heart.settle(["web"], 60_000);
    } catch (error) {
      if (!(error instanceof KilledError)) throw error;
      kills++;
      heart.start();
      await heart.settle(["web"], 60_000);
    }
    states.push(stateOf(heart));
  }
  return { states, kills, log: heart.destination.log };
}

/** The states after each step do not depend on where the process was killed, and nothing is written twice. */
describe("the reconciler of apps, killed in memory", () => {
  let undisturbed: Awaited<ReturnType<typeof live>>;
  before(async () => {
    undisturbed = await live();
  });

  it("ends each step at rest when it is not killed", () => {
    const [first, second, third, last] = undisturbed.states;
    expect(first?.objects).to.have.length(6);
    expect(second?.changes).to.deep.equal(["web-1 Succeeded", "web-2 Succeeded"]);
    expect(third?.changes).to.deep.equal(["by-hand Succeeded", "web-1 Succeeded", "web-2 Succeeded"]);
    expect(last).to.deep.equal({ objects: [], changes: third?.changes, conditions: [] });
  });

  const reached = new Set<string>();
  for (const point of POINTS) {
    for (const occurrence of [1, 2, 3]) {
      it(`ends in the same states when it is killed at ${point}, time ${occurrence}`, async () => {
        const { states, kills, log } = await live({ point, occurrence });
        if (kills > 0) reached.add(point);
        expect(states).to.deep.equal(undisturbed.states);
        expect([...log].sort(), "each object is written once per step").to.deep.equal([...undisturbed.log].sort());
      });
    }
  }

  it("has been killed at every boundary", () => {
    expect(POINTS.filter((point) => !reached.has(point))).to.deep.equal([]);
  });
});
