import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import type { Document } from "../../../src/manifest/document.js";
import { honorOtherTools, KNOWN_ANNOTATIONS } from "../../../src/render/other-tools.js";
import { repositoryRoot } from "../../../tools/repository-root.js";

const ARGO = "argocd.argoproj.io";
const FLUX = "kustomize.toolkit.fluxcd.io";

function document(annotations: Record<string, string> | undefined, name = "x", line = 1): Document {
  return {
    id: { group: "", version: "v1", kind: "ConfigMap", namespace: "shop", name },
    key: `/ConfigMap/shop/${name}`,
    object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...(annotations ? { annotations } : {}) } },
    origin: { file: "a.yaml", line },
    hash: name,
  };
}

/** [annotations, whether the document is left out, what the notes say] */
const CASES: readonly (readonly [Record<string, string> | undefined, boolean, readonly RegExp[]])[] = [
  [undefined, false, []],
  [{ "example.com/x": "y" }, false, []],
  [{ [`${ARGO}/hook`]: "SyncFail" }, false, []],
  [{ [`${ARGO}/hook`]: "PostDelete" }, false, []],
  [{ [`${ARGO}/hook`]: " PreDelete , PostDelete " }, false, []],
  [{ [`${ARGO}/hook`]: "Skip" }, true, [/is not applied/]],
  [{ [`${ARGO}/hook`]: "PreSync" }, false, []],
  [{ [`${ARGO}/hook`]: "PostSync,SyncFail" }, false, []],
  [{ [`${ARGO}/hook`]: "PostSync,PostDelete" }, false, []],
  [{ [`${ARGO}/hook`]: "PostSync,Skip" }, false, [/hook: PostSync,Skip does not run as Skip, which says so/]],
  [
    { [`${ARGO}/hook`]: "Never" },
    false,
    [/hook: Never has no effect: Never is no phase; it is applied like any other/],
  ],
  [
    { [`${ARGO}/hook`]: "Sync", [`${ARGO}/hook-delete-policy`]: "HookSucceeded,Always" },
    false,
    [/the delete policy "Always" of a hook must be one of .*; it is ignored/],
  ],
  [{ [`${ARGO}/hook`]: "PreSync", "helm.sh/hook": "test" }, false, []],
  [{ "gitops.overseer.io/hook": "Sync", "helm.sh/hook": "test" }, false, []],
  [{ "helm.sh/hook": "crd-install" }, false, []],
  [{ "helm.sh/hook": "test" }, true, [/is not applied: helm\.sh\/hook: test is for a test of the release/]],
  [{ "helm.sh/hook": "test-success" }, true, [/test-success/]],
  [{ "helm.sh/hook": "pre-delete,post-delete" }, false, []],
  [{ "helm.sh/hook": "post-rollback" }, true, [/post-rollback/]],
  [{ "helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "5" }, false, []],
  [{ [`${ARGO}/sync-wave`]: "2" }, false, []],
  [{ [`${ARGO}/sync-wave`]: "-1" }, false, []],
  [{ [`${ARGO}/sync-wave`]: "late" }, false, [/sync-wave: late has no effect: it is not an integer/]],
  [{ [`${ARGO}/sync-wave`]: "0" }, false, []],
  [{ [`${ARGO}/sync-options`]: "Prune=false,ServerSideApply=true, PruneLast=true" }, false, []],
  [
    { [`${ARGO}/sync-options`]: "Replace=true, Prune=false,Force=true" },
    false,
    [/sync-options: Replace=true has no effect: .* they are re-created where a field cannot be changed/],
  ],
  [{ [`${ARGO}/sync-options`]: "Validate=false" }, false, [/Validate=false has no effect/]],
  [{ [`${ARGO}/sync-options`]: "" }, false, []],
  [{ [`${ARGO}/compare-options`]: "IgnoreExtraneous" }, false, [/compare-options: IgnoreExtraneous has no effect/]],
  [{ [`${FLUX}/force`]: "enabled" }, false, []],
  [{ [`${FLUX}/force`]: "disabled" }, false, []],
  [{ [`${FLUX}/ssa`]: "Ignore" }, true, [/is not applied: kustomize\.toolkit\.fluxcd\.io\/ssa: Ignore/]],
  [
    { [`${FLUX}/ssa`]: "IfNotPresent" },
    false,
    [/ssa: IfNotPresent has no effect: what exists already is not overwritten/],
  ],
  [{ [`${FLUX}/ssa`]: "Override" }, false, []],
  [{ [`${FLUX}/reconcile`]: "disabled" }, false, [/reconcile: disabled has no effect/]],
  [{ [`${FLUX}/prune`]: "disabled" }, false, []],
  [{ "config.kubernetes.io/local-config": "true" }, true, [/local-config/]],
  [{ "config.kubernetes.io/depends-on": "/namespaces/a/ConfigMap/b" }, false, [/depends-on/]],
];

describe("honorOtherTools", () => {
  it("knows only annotations that the page about other tools lists", () => {
    const page = readFileSync(join(repositoryRoot(), "docs/from-other-tools.md"), "utf8");
    expect(
      [...KNOWN_ANNOTATIONS].filter((key) => !page.includes(key) && !page.includes(`…/${key.split("/")[1]}`)),
    ).to.deep.equal([]);
  });

  for (const [annotations, skipped, notes] of CASES) {
    it(`${skipped ? "leaves out" : "applies"} a document with ${JSON.stringify(annotations)}, with ${notes.length} notes`, () => {
      const result = honorOtherTools([document(annotations)]);
      expect(result.documents.length).to.equal(skipped ? 0 : 1);
      expect(result.skipped.length).to.equal(skipped ? 1 : 0);
      expect(result.notes.length).to.equal(notes.length);
      for (const [at, pattern] of notes.entries()) expect(result.notes[at]?.message).to.match(pattern);
    });
  }

  it("names object and place, and each object that is left out", () => {
    const hooks = [1, 2, 3, 4, 5].map((line) => document({ "helm.sh/hook": "test" }, `test-${line}`, line));
    const { notes } = honorOtherTools(hooks);
    expect(notes.map(({ object, origin }) => `${object} ${origin?.line}`)).to.deep.equal(
      [1, 2, 3, 4, 5].map((line) => `ConfigMap shop/test-${line} ${line}`),
    );
  });

  it("merges equal notes of several objects into one, which names the first", () => {
    const many = Array.from({ length: 40 }, (_, at) =>
      document({ "kapp.k14s.io/change-rule": String(at + 1) }, `w-${at}`, at),
    );
    const { notes, documents } = honorOtherTools(many);
    expect(documents).to.have.length(40);
    expect(notes.map(({ message }) => message)).to.deep.equal([
      "kapp.k14s.io/change-rule: 1 (and on 39 more objects) has no effect: objects are applied in the order of their kinds, not in this one",
    ]);
  });
});
