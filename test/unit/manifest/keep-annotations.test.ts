import { expect } from "chai";
import {
  joinKeepAnnotations,
  keepAnnotations,
  keepRuling,
  type Metadata,
  mayKeep,
} from "../../../src/manifest/keep-annotations.js";

const ARGO = "argocd.argoproj.io/sync-options";
const annotated = (key: string, value: string): Metadata => ({ annotations: { [key]: value } });

/** [metadata, what is asked on a prune, what on the deletion of the app] */
const CASES: readonly (readonly [Metadata, string | undefined, string | undefined])[] = [
  [{}, undefined, undefined],
  [{ annotations: {}, labels: {} }, undefined, undefined],
  [annotated("gitops.overseer.io/prune", "disabled"), "Keep", "Keep"],
  [annotated("gitops.overseer.io/prune", "confirmed"), undefined, undefined],
  [annotated("gitops.overseer.io/prune", "enabled"), undefined, undefined],
  [annotated(ARGO, "Prune=false"), "Keep", undefined],
  [annotated(ARGO, "Delete=false"), undefined, "Keep"],
  [annotated(ARGO, "Prune=confirm"), "Ask", "Ask"],
  [annotated(ARGO, "Delete=confirm"), undefined, "Ask"],
  [annotated(ARGO, "Prune=false,Delete=false"), "Keep", "Keep"],
  [annotated(ARGO, " Validate=false ,  Prune=false , Replace=true"), "Keep", undefined],
  [annotated(ARGO, "Prune=confirm, Delete=false"), "Ask", "Keep"],
  [annotated(ARGO, "Prune=confirm,Prune=false"), "Keep", "Ask"],
  [annotated(ARGO, "prune=False"), "Keep", undefined],
  [annotated(ARGO, "Prune=true"), undefined, undefined],
  [annotated(ARGO, "PruneLast=true,Prune"), undefined, undefined],
  [annotated(ARGO, "NoPrune=false"), undefined, undefined],
  [annotated(ARGO, ""), undefined, undefined],
  [annotated("kustomize.toolkit.fluxcd.io/prune", "disabled"), "Keep", "Keep"],
  [annotated("kustomize.toolkit.fluxcd.io/prune", "Disabled"), "Keep", "Keep"],
  [annotated("kustomize.toolkit.fluxcd.io/prune", "enabled"), undefined, undefined],
  [{ labels: { "kustomize.toolkit.fluxcd.io/prune": "disabled" } }, "Keep", "Keep"],
  [annotated("kustomize.toolkit.fluxcd.io/reconcile", "disabled"), "Keep", "Keep"],
  [annotated("kustomize.toolkit.fluxcd.io/ssa", "Ignore"), "Keep", "Keep"],
  [annotated("kustomize.toolkit.fluxcd.io/ssa", "Merge"), undefined, undefined],
  [annotated("helm.sh/resource-policy", "keep"), "Keep", "Keep"],
  [annotated("helm.sh/resource-policy", " Keep "), "Keep", "Keep"],
  [annotated("helm.sh/resource-policy", "delete"), undefined, undefined],
  [annotated("client.lifecycle.config.k8s.io/deletion", "detach"), "Keep", "Keep"],
  [annotated("client.lifecycle.config.k8s.io/mutation", "ignore"), undefined, undefined],
  [annotated("cli-utils.sigs.k8s.io/on-remove", "keep"), "Keep", "Keep"],
  [annotated("configmanagement.gke.io/managed", "disabled"), "Keep", "Keep"],
  [annotated("kapp.k14s.io/delete-strategy", "orphan"), "Keep", "Keep"],
  [annotated("kluctl.io/skip-delete", "true"), "Keep", "Keep"],
  [annotated("example.com/prune", "disabled"), undefined, undefined],
];

describe("keepMarks", () => {
  for (const [metadata, onPrune, onDeletion] of CASES) {
    it(`reads ${JSON.stringify(metadata)} as ${onPrune ?? "nothing"} on a prune and ${onDeletion ?? "nothing"} on a deletion`, () => {
      const marks = keepAnnotations(metadata);
      expect(keepRuling(marks, "prune")?.effect).to.equal(onPrune);
      expect(keepRuling(marks, "deletion")?.effect).to.equal(onDeletion);
    });
  }

  it("names the deciding annotation in its usual spelling", () => {
    const marks = keepAnnotations(annotated(ARGO, "ServerSideApply=true, prune=FALSE"));
    expect(keepRuling(marks, "prune")).to.deep.equal({ effect: "Keep", mark: `${ARGO}: Prune=false` });
  });

  it("is the same list whatever the order of the annotations", () => {
    const one = { "helm.sh/resource-policy": "keep", [ARGO]: "Delete=false,Prune=false" };
    const other = Object.fromEntries(Object.entries(one).reverse());
    expect(keepAnnotations({ annotations: one })).to.deep.equal(keepAnnotations({ annotations: other }));
    expect(keepAnnotations({ annotations: one })).to.have.length(3);
  });

  it("merges two lists without duplicates and unknown annotations", () => {
    expect(
      joinKeepAnnotations([`${ARGO}: Prune=false`], ["helm.sh/resource-policy: keep", `${ARGO}: Prune=false`, "x: y"]),
    ).to.deep.equal([`${ARGO}: Prune=false`, "helm.sh/resource-policy: keep"]);
    expect(joinKeepAnnotations([], [])).to.deep.equal([]);
  });

  it("tells keys that may keep an object from others", () => {
    expect([ARGO, "helm.sh/resource-policy", "helm.sh/hook"].map(mayKeep)).to.deep.equal([true, true, false]);
  });
});
