import { expect } from "chai";
import { type AdoptionRequest, judgeAdoption } from "../../../../../src/destinations/kubernetes/ownership/adoption.js";
import type { LiveMetadata } from "../../../../../src/kube/object.js";

const ROLE = { group: "rbac.authorization.k8s.io", version: "v1", kind: "Role", namespace: "shop", name: "reader" };
const TRACKING = "argocd.argoproj.io/tracking-id";

function judge(metadata: Partial<LiveMetadata>, change: Partial<AdoptionRequest> = {}) {
  return judgeAdoption({
    id: ROLE,
    metadata: { name: "reader", namespace: "shop", uid: "u", resourceVersion: "1", ...metadata },
    app: { namespace: "gitops", name: "second", uid: "app" },
    instance: "here",
    policy: "Unowned",
    appExists: () => false,
    ...change,
  });
}

const entry = (manager: string, operation = "Update") => ({
  managedFields: [{ manager, operation, fieldsV1: { "f:rules": {} } }],
});

/** [metadata of what exists, who manages it; undefined: nobody] */
const CASES: readonly (readonly [Partial<LiveMetadata>, string | undefined])[] = [
  [{}, undefined],
  [entry("kubectl-create"), undefined],
  [entry("kubectl-client-side-apply"), undefined],
  [entry("helm"), undefined],
  [entry("argocd-controller", "Apply"), "Argo CD (field manager argocd-controller)"],
  [entry("argocd-application-controller"), "Argo CD (field manager argocd-application-controller)"],
  [entry("argocd-server"), "Argo CD (field manager argocd-server)"],
  [entry("kustomize-controller", "Apply"), "Flux (field manager kustomize-controller)"],
  [entry("flux", "Apply"), "Flux (field manager flux)"],
  [entry("flux-client-side-apply"), "Flux (field manager flux-client-side-apply)"],
  [{ annotations: { [TRACKING]: "web:rbac.authorization.k8s.io/Role:shop/reader" } }, "Argo CD"],
  [{ annotations: { [TRACKING]: "argo_web:rbac.authorization.k8s.io/Role:shop/reader" } }, "Argo CD"],
  [{ annotations: { [TRACKING]: "web" } }, "Argo CD"],
  [{ annotations: { [TRACKING]: "web:rbac.authorization.k8s.io/Role:other/reader" } }, undefined],
  [{ annotations: { [TRACKING]: "web:rbac.authorization.k8s.io/Role:shop/writer" } }, undefined],
  [{ annotations: { [TRACKING]: "web:rbac.authorization.k8s.io/ClusterRole:shop/reader" } }, undefined],
  [
    { labels: { "helm.toolkit.fluxcd.io/name": "web", "helm.toolkit.fluxcd.io/namespace": "shop" } },
    "Flux HelmRelease shop/web",
  ],
  [{ annotations: { "meta.helm.sh/release-name": "web" } }, "Helm release web"],
];

describe("judgeAdoption", () => {
  for (const [metadata, owner] of CASES) {
    it(`finds ${owner ?? "nobody"} behind ${JSON.stringify(metadata)}`, () => {
      const verdict = judge(metadata);
      expect(verdict.allowed).to.equal(owner === undefined);
      if (owner !== undefined)
        expect(verdict.reason).to.equal(
          `exists already and is managed by ${owner}: stop managing it there first, or set sync.adopt: Always`,
        );
      expect(judge(metadata, { policy: "Always" }).allowed).to.equal(true);
    });
  }

  it("accepts the tracking id of a cluster-scoped object with or without a namespace", () => {
    const id = { ...ROLE, kind: "ClusterRole", namespace: "" };
    for (const name of ["reader", "/reader", "shop/reader"]) {
      const annotations = { [TRACKING]: `web:rbac.authorization.k8s.io/ClusterRole:${name}` };
      expect(judge({ annotations }, { id }).allowed, name).to.equal(false);
    }
  });

  it("never adopts a Secret that was set outside of Git, also where this app applied it before", () => {
    const id = { ...ROLE, group: "", kind: "Secret" };
    const pushed = {
      labels: { "gitops.overseer.io/pushed-secret": "true" },
      annotations: { "gitops.overseer.io/secret-set-by": "jane" },
      ...entry("overseer:gitops/second", "Apply"),
    };
    for (const policy of ["Unowned", "Always"] as const) {
      const { allowed, reason } = judge(pushed, { id, policy });
      expect([allowed, reason]).to.deep.equal([
        false,
        "exists already and is kept out of Git: it was set by jane; remove the document from Git, or delete the Secret to have it created from Git",
      ]);
    }
    const ours = { "gitops.overseer.io/app": "second", "gitops.overseer.io/app-namespace": "gitops" };
    const labels = { ...pushed.labels, ...ours, "gitops.overseer.io/instance": "here" };
    expect(judge({ ...pushed, labels }, { id }).allowed).to.equal(true);
  });

  it("reports that the app that owns the fields no longer exists", () => {
    expect(judge(entry("overseer:gitops/first", "Apply")).reason).to.equal(
      "exists already and has fields of OverseerApp gitops/first, which no longer exists: set sync.adopt: Always to take ownership",
    );
    expect(judge(entry("overseer:gitops/first", "Apply"), { appExists: () => true }).reason).to.equal(
      "exists already and is managed by OverseerApp gitops/first: stop managing it there first, or set sync.adopt: Always",
    );
    expect(judge(entry("overseer:gitops/second", "Apply")).allowed).to.equal(true);
  });
});
