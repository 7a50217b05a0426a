import { expect } from "chai";
import type { LiveObject } from "../../../src/plan/live.js";
import type { FinalizeRequest } from "../../../src/plan/prune-guard.js";
import { finalize, said } from "./support/judge.js";
import { live, PROTECTED } from "./support/objects.js";

type Policy = FinalizeRequest["policy"];
const MAP = "v1 ConfigMap shop/a";
const NAMESPACE = "v1 Namespace shop";
const DEFINITION = "apiextensions.k8s.io/v1 CustomResourceDefinition widgets.example.com";
const ARGO = (option: string): string => `argocd.argoproj.io/sync-options: ${option}`;
const OTHER = () => "shop/other";

/** [object, its state, what Delete decides, what DeleteAll decides] */
const OBJECTS: readonly (readonly [string, Partial<LiveObject>, string, string])[] = [
  [MAP, {}, "Delete", "Delete"],
  [MAP, { state: "Drifted" }, "Delete", "Delete"],
  [MAP, { deleting: true }, "Keep AlreadyDeleting", "Keep AlreadyDeleting"],
  [MAP, { keepAnnotations: PROTECTED }, "Keep ProtectedObject", "Keep ProtectedObject"],
  [MAP, { keepAnnotations: [ARGO("Delete=false")] }, "Keep ProtectedObject", "Keep ProtectedObject"],
  [MAP, { keepAnnotations: [ARGO("Prune=false")] }, "Delete", "Delete"],
  [MAP, { keepAnnotations: ["helm.sh/resource-policy: keep"] }, "Keep ProtectedObject", "Keep ProtectedObject"],
  [
    MAP,
    { keepAnnotations: ["kustomize.toolkit.fluxcd.io/prune: disabled"] },
    "Keep ProtectedObject",
    "Keep ProtectedObject",
  ],
  [MAP, { keepAnnotations: PROTECTED, deletionConfirmed: true }, "Delete", "Delete"],
  [MAP, { ownership: "Claimed" }, "Keep NotProven", "Keep NotProven"],
  ["v1 PersistentVolumeClaim shop/data", { deletionConfirmed: true }, "Delete", "Delete"],
  ["gitops.overseer.io/v1alpha1 OverseerApp shop/child", { deletionConfirmed: true }, "Delete", "Delete"],
  [MAP, { ownership: "Foreign" }, "Keep NotProven", "Keep NotProven"],
  ["v1 PersistentVolumeClaim shop/data", {}, "Keep DeletionPolicy", "Delete"],
  ["v1 PersistentVolume data", {}, "Keep DeletionPolicy", "Delete"],
  ["apps/v1 StatefulSet shop/db", {}, "Delete", "Delete"],
  ["apps/v1 StatefulSet shop/db", { deletesVolumes: true }, "Keep DeletionPolicy", "Delete"],
  ["apps/v1 StatefulSet shop/db", { deletesVolumes: true, deletionConfirmed: true }, "Delete", "Delete"],
  [DEFINITION, {}, "Keep DeletionPolicy", "Delete"],
  ["gitops.overseer.io/v1alpha1 OverseerApp shop/child", {}, "Keep DeletionPolicy", "Delete"],
  ["gitops.overseer.io/v1alpha1 GitRepository shop/child", {}, "Keep DeletionPolicy", "Delete"],
  [
    "v1 PersistentVolumeClaim shop/data",
    { keepAnnotations: PROTECTED },
    "Keep ProtectedObject",
    "Keep ProtectedObject",
  ],
  ["v1 PersistentVolumeClaim shop/data", { deleting: true }, "Keep DeletionPolicy", "Keep AlreadyDeleting"],
  [DEFINITION, { deleting: true }, "Keep DeletionPolicy", "Keep AlreadyDeleting"],
  [
    "v1 PersistentVolumeClaim shop/data",
    { deleting: true, deletionConfirmed: true },
    "Keep AlreadyDeleting",
    "Keep AlreadyDeleting",
  ],
  ["example.com/v1 Namespace shop/mine", {}, "Delete", "Delete"],
  [NAMESPACE, {}, "Delete", "Delete"],
  [NAMESPACE, { keepAnnotations: PROTECTED }, "Keep ProtectedObject", "Keep ProtectedObject"],
  [NAMESPACE, { ownership: "Claimed" }, "Keep NotProven", "Keep NotProven"],
  [NAMESPACE, { deleting: true }, "Keep AlreadyDeleting", "Keep AlreadyDeleting"],
];

describe("judgeFinalize", () => {
  for (const [text, change, underDelete, underAll] of OBJECTS) {
    const state = Object.keys(change).length === 0 ? "as applied" : JSON.stringify(change);
    const rows: readonly (readonly [Policy, string])[] = [
      ["Delete", underDelete],
      ["DeleteAll", underAll],
      ["Orphan", "Keep Orphaned"],
    ];
    for (const [policy, decision] of rows) {
      it(`decides ${decision} about ${text}, ${state}, under ${policy}`, () => {
        const verdict = finalize({ objects: [live(text, change)], policy });
        expect(verdict.decisions.map(said)).to.deep.equal([decision]);
        expect(verdict).to.include({ refusal: undefined, approval: undefined });
      });
    }

    it(`keeps ${text}, ${state}, of a suspended app`, () => {
      for (const policy of ["Delete", "DeleteAll", "Orphan"] as const) {
        const verdict = finalize({
          objects: [live(text, change)],
          policy,
          suspended: true,
          observationComplete: false,
        });
        expect(verdict.decisions.map(said)).to.deep.equal(["Keep Suspended"]);
        expect(verdict.refusal).to.equal(undefined);
      }
    });
  }

  it("transfers what another app claims, unless it is being deleted or not proven", () => {
    for (const policy of ["Delete", "DeleteAll"] as const) {
      const decide = (change: Partial<LiveObject>, text = MAP) =>
        said(finalize({ objects: [live(text, change)], policy, claimedBy: OTHER }).decisions[0]);
      expect(decide({})).to.equal("HandOver shop/other");
      expect(decide({ keepAnnotations: PROTECTED })).to.equal("HandOver shop/other");
      expect(decide({}, "v1 PersistentVolumeClaim shop/data")).to.equal("HandOver shop/other");
      expect(decide({ deleting: true })).to.equal("Keep AlreadyDeleting");
      expect(decide({ ownership: "Claimed" })).to.equal("Keep NotProven");
    }
  });

  it("refuses everything while kinds cannot be listed, and names the remedy", () => {
    for (const policy of ["Delete", "DeleteAll"] as const) {
      const verdict = finalize({ objects: [live(MAP)], policy, observationComplete: false });
      expect(verdict.decisions).to.deep.equal([]);
      expect(verdict.refusal).to.match(/deletionPolicy: Orphan/);
    }
  });

  it("finishes under Orphan although lists are missing", () => {
    const verdict = finalize({ objects: [live(MAP)], policy: "Orphan", observationComplete: false });
    expect(verdict.refusal).to.equal(undefined);
  });

  it("requires no approval by kind", () => {
    expect(finalize({ objects: OBJECTS.map(([text]) => live(text)), policy: "DeleteAll" }).approval).to.equal(
      undefined,
    );
  });

  it("requires approval for an object annotated so, and names annotation and remedy", () => {
    const marked = (change: Partial<LiveObject> = {}) =>
      live(MAP, { keepAnnotations: [ARGO("Delete=confirm")], ...change });
    for (const policy of ["Delete", "DeleteAll"] as const)
      expect(finalize({ objects: [live("v1 Secret shop/s"), marked()], policy }).approval).to.equal(
        "would delete ConfigMap a (annotated argocd.argoproj.io/sync-options: Delete=confirm), which requires approval: annotate the object gitops.overseer.io/prune: confirmed to delete it, or gitops.overseer.io/prune: disabled to keep it",
      );
    expect(finalize({ objects: [marked()], policy: "Orphan" }).approval).to.equal(undefined);
    expect(finalize({ objects: [marked({ deletionConfirmed: true })] }).approval).to.equal(undefined);
    expect(finalize({ objects: [marked({ keepAnnotations: [ARGO("Prune=confirm")] })] }).approval).to.include(
      "ConfigMap a (annotated argocd.argoproj.io/sync-options: Prune=confirm)",
    );
  });

  it("has nothing to decide for an app without objects", () => {
    expect(finalize({})).to.deep.equal({ decisions: [], refusal: undefined, approval: undefined });
  });
});

describe("judgeFinalize about a namespace", () => {
  const decide = (objects: readonly LiveObject[], change: Partial<FinalizeRequest> = {}) =>
    said(finalize({ objects: [...objects, live(NAMESPACE)], ...change }).decisions.at(-1));

  it("keeps it while it contains, or may contain, foreign objects", () => {
    const [decision] = finalize({ objects: [live(NAMESPACE)], namespaceInUse: () => "Secret shop/theirs" }).decisions;
    expect(decision).to.include({
      verb: "Keep",
      reason: "NamespaceInUse",
      message: "kept because it still holds Secret shop/theirs",
    });
    expect(decide([], { namespaceInUse: (name) => (name === "other" ? "Secret other/x" : undefined) })).to.equal(
      "Delete",
    );
  });

  it("keeps it while it contains a kept object of the app", () => {
    for (const policy of ["Delete", "DeleteAll"] as const) {
      for (const change of [
        { keepAnnotations: PROTECTED },
        { ownership: "Claimed" },
        { ownership: "Foreign" },
      ] as const) {
        expect(decide([live(MAP, change)], { policy }), JSON.stringify(change)).to.equal("Keep NamespaceInUse");
      }
    }
    expect(decide([live("v1 PersistentVolumeClaim shop/data")])).to.equal("Keep NamespaceInUse");
    expect(decide([live("v1 PersistentVolumeClaim shop/data")], { policy: "DeleteAll" })).to.equal("Delete");
  });

  it("keeps it while an object in it is being transferred", () => {
    expect(decide([live(MAP)], { claimedBy: ({ id }) => (id.kind === "ConfigMap" ? "a/b" : undefined) })).to.equal(
      "Keep NamespaceInUse",
    );
  });

  it("deletes it with objects being deleted, and with objects kept elsewhere", () => {
    expect(decide([live(MAP)])).to.equal("Delete");
    expect(decide([live(MAP, { deleting: true })])).to.equal("Delete");
    expect(decide([live("v1 ConfigMap other/a", { keepAnnotations: PROTECTED })])).to.equal("Delete");
    expect(decide([live("v1 PersistentVolume data")])).to.equal("Delete");
  });

  it("names the object that keeps it", () => {
    const objects = [live(MAP, { keepAnnotations: PROTECTED }), live(NAMESPACE)];
    expect(finalize({ objects }).decisions[1]).to.have.property(
      "message",
      "kept because it still holds ConfigMap shop/a, which is kept",
    );
  });
});

describe("judgeFinalize about a definition", () => {
  const decide = (...others: readonly LiveObject[]) =>
    said(finalize({ objects: [live(DEFINITION), ...others], policy: "DeleteAll" }).decisions[0]);

  it("keeps it while an object of its group is kept", () => {
    expect(decide(live("example.com/v1 Widget shop/w", { keepAnnotations: PROTECTED }))).to.equal(
      "Keep NamespaceInUse",
    );
    expect(decide(live("example.com/v1 Widget w", { ownership: "Claimed" }))).to.equal("Keep NamespaceInUse");
  });

  it("deletes it with its objects, and with what is kept of other groups", () => {
    expect(decide(live("example.com/v1 Widget shop/w"))).to.equal("Delete");
    expect(decide(live("com/v1 Widget shop/w", { keepAnnotations: PROTECTED }))).to.equal("Delete");
    expect(decide(live(MAP, { keepAnnotations: PROTECTED }))).to.equal("Delete");
  });
});

describe("judgeFinalize about what a kept app needs", () => {
  const APP = "gitops.overseer.io/v1alpha1 OverseerApp tenant/child";
  const NEEDED = [
    "v1 ServiceAccount tenant/deployer",
    "rbac.authorization.k8s.io/v1 RoleBinding tenant/deployer",
    "rbac.authorization.k8s.io/v1 Role other/deployer",
    "rbac.authorization.k8s.io/v1 RoleBinding other/deployer",
    "rbac.authorization.k8s.io/v1 ClusterRole deployer",
    "rbac.authorization.k8s.io/v1 ClusterRoleBinding deployer",
    "v1 Secret tenant/git-token",
    "v1 ConfigMap tenant/settings",
  ];
  const decide = (texts: readonly string[], change: Partial<FinalizeRequest> = {}) =>
    finalize({ objects: texts.map((text) => live(text)), ...change }).decisions.map(said);

  it("keeps its account, its permissions, also in other namespaces, and its credentials", () => {
    expect(decide([APP, ...NEEDED])).to.deep.equal(["Keep DeletionPolicy", ...NEEDED.map(() => "Keep NeededByKept")]);
    expect(decide([APP, "v1 Namespace tenant"])).to.deep.equal(["Keep DeletionPolicy", "Keep NamespaceInUse"]);
  });

  it("keeps the credentials of a kept repository", () => {
    const repository = "gitops.overseer.io/v1alpha1 GitRepository tenant/fleet";
    expect(decide([repository, "v1 Secret tenant/git-token"])).to.deep.equal([
      "Keep DeletionPolicy",
      "Keep NeededByKept",
    ]);
  });

  it("deletes objects of other namespaces, and what no workload needs", () => {
    expect(decide([APP, "v1 Secret shop/s", "apps/v1 Deployment tenant/web"])).to.deep.equal([
      "Keep DeletionPolicy",
      "Delete",
      "Delete",
    ]);
  });

  it("deletes all of it together under DeleteAll", () => {
    expect(decide([APP, ...NEEDED], { policy: "DeleteAll" })).to.deep.equal(["Delete", ...NEEDED.map(() => "Delete")]);
  });

  it("deletes the account of a confirmed app, and keeps that of another one", () => {
    const confirmed = live(APP, { deletionConfirmed: true });
    const account = live("v1 ServiceAccount tenant/deployer");
    expect(finalize({ objects: [confirmed, account] }).decisions.map(said)).to.deep.equal(["Delete", "Delete"]);
    const other = live("gitops.overseer.io/v1alpha1 OverseerApp tenant/second");
    expect(finalize({ objects: [confirmed, account, other] }).decisions.map(said)).to.deep.equal([
      "Delete",
      "Keep NeededByKept",
      "Keep DeletionPolicy",
    ]);
  });
});
