import { expect } from "chai";
import { applyTier } from "../../../src/manifest/order.js";
import { type ApplyState, nextStep } from "../../../src/plan/apply-steps.js";
import { document, waiting, write } from "./support/objects.js";

const SPACE = "v1 Namespace shop";
const MAP = "v1 ConfigMap shop/a";
const POD = "v1 Pod shop/p";
const SERVICE = "v1 Service shop/s";
const HOOK = "admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration gate";

interface Row {
  readonly what: string;
  readonly ready?: readonly string[];
  /** Waiting writes, with the writes that lift each. */
  readonly waits?: readonly (readonly [string, ...string[]])[];
  readonly failed?: readonly string[];
  readonly wrote?: boolean;
  readonly expected: string;
}

function state({ ready = [], waits = [], failed = [], wrote = false }: Row): ApplyState {
  return {
    ready: ready.map((text) => write(text)),
    waiting: waits.map(([text, ...by]) => ({ ...waiting(text), liftedBy: by.map((other) => document(other).key) })),
    failed: failed.map((text) => document(text)),
    wrote,
    tierOf: ({ id }) => applyTier(id),
  };
}

const ROWS: readonly Row[] = [
  { what: "nothing is left", expected: "end" },
  { what: "several tiers are ready: the first one", ready: [POD, MAP, SPACE], expected: "write Namespace shop" },
  { what: "a tier is ready whole", ready: [POD, SERVICE, HOOK], expected: "write p, s" },
  { what: "something waits for a tier that is ready", ready: [MAP], waits: [[POD, MAP]], expected: "write a" },
  { what: "that tier is written", ready: [SERVICE], waits: [[POD]], wrote: true, expected: "judge" },
  { what: "nothing was written since it was judged", ready: [SERVICE], waits: [[POD]], expected: "write s" },
  { what: "what waits belongs to a later tier", ready: [MAP], waits: [[POD]], wrote: true, expected: "write a" },
  { what: "an earlier tier waits", ready: [HOOK], waits: [[POD]], expected: "end" },
  { what: "an earlier tier waits for this one", ready: [HOOK, SERVICE], waits: [[MAP, SERVICE]], expected: "write s" },
  {
    what: "an earlier tier waits for the last one",
    ready: [HOOK, SERVICE],
    waits: [[MAP, HOOK]],
    expected: "write gate",
  },
  { what: "a write of an earlier tier failed", ready: [SERVICE], failed: [MAP], expected: "end" },
  { what: "a write of the same tier failed", ready: [SERVICE], failed: [POD], expected: "write s" },
  { what: "only what waits is left", waits: [[POD]], expected: "end" },
  { what: "only what waits is left, and others were written", waits: [[POD]], wrote: true, expected: "judge" },
];

describe("nextStep", () => {
  for (const row of ROWS)
    it(`is to ${row.expected} when ${row.what}`, () => {
      const step = nextStep(state(row));
      const names = step.type === "write" ? step.writes.map(({ action }) => action.document.id) : [];
      const shown = names.map(({ kind, name }) => (kind === "Namespace" ? `${kind} ${name}` : name)).sort();
      expect([step.type, shown.join(", ")].filter(Boolean).join(" ")).to.equal(row.expected);
    });

  it("terminates for any previews, with every unblocked write done", () => {
    let current = state({
      what: "",
      ready: [HOOK, POD, MAP],
      waits: [
        [SERVICE, MAP],
        [SPACE, MAP],
      ],
      expected: "",
    });
    const written: string[] = [];
    for (let steps = 0; steps < 20; steps++) {
      const step = nextStep(current);
      if (step.type === "end") break;
      if (step.type === "judge") current = { ...current, wrote: false };
      else {
        written.push(...step.writes.map(({ action }) => action.document.id.name));
        current = { ...current, ready: current.ready.filter((one) => !step.writes.includes(one)), wrote: true };
      }
    }
    expect(nextStep(current).type).to.equal("end");
    expect(written, "the first tier waits, so that only what lifts something is written").to.deep.equal(["a"]);
  });
});
