import { expect } from "chai";
import type { Change, ChangePhase } from "../../../../../src/api/change.js";
import { appOfChange, isOpen, reduceChange } from "../../../../../src/controllers/overseer-app/changes/known-change.js";
import { inputs } from "../../support/resources.js";

function change(phase: ChangePhase): Change {
  const metadata = { name: "web-3", namespace: "shop", uid: "u1", resourceVersion: "7", generation: 1 };
  return {
    apiVersion: "gitops.overseer.io/v1alpha1",
    kind: "Change",
    metadata: { ...metadata, labels: { a: "b" } },
    spec: { app: { name: "web" }, cause: "Revision", inputs: inputs("k") },
    status: { phase, message: "words", plan: [{ verb: "Create", object: "ConfigMap shop/a", apiVersion: "v1" }] },
  };
}

describe("reduceChange", () => {
  it("keeps an open Change complete", () => {
    for (const phase of ["Planning", "Waiting", "Applying", "Verifying"] as const) {
      expect(reduceChange(change(phase))).to.deep.equal(change(phase));
      expect(isOpen(change(phase))).to.equal(true);
    }
  });

  it("keeps app, cause, inputs and phase of a finished one", () => {
    const kept = reduceChange(change("Succeeded"));
    expect(isOpen(kept)).to.equal(false);
    expect(appOfChange(kept)).to.equal("shop/web");
    expect(kept).to.deep.equal({
      apiVersion: "gitops.overseer.io/v1alpha1",
      kind: "Change",
      metadata: { name: "web-3", namespace: "shop", uid: "u1", resourceVersion: "7", generation: 1 },
      spec: { app: { name: "web" }, cause: "Revision", inputs: { key: "k" } },
      status: { phase: "Succeeded" },
    });
  });
});
