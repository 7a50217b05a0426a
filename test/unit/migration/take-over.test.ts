import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { PlannedAction } from "../../../src/api/change.js";
import type { LiveApp } from "../../../src/cli/connection/live.js";
import { groupApps } from "../../../src/cli/verbs/take-over/groups.js";
import { readState, stateProblem, type TakeOverState } from "../../../src/cli/verbs/take-over/state.js";
import { judgeLeft, judgePlan } from "../../../src/migration/take-over/judge-plan.js";
import {
  harmlessFinalizers,
  inventoryOf,
  isPaused,
  type OwnerObject,
  type OwnerRef,
  parentProblem,
  parentsOf,
  parseOwner,
  pausePatch,
  restorePatch,
} from "../../../src/migration/take-over/owner.js";
import { compare, marksOf, templateHash } from "../../../src/migration/take-over/snapshot.js";

const APPLICATION: OwnerRef = { group: "argoproj.io", kind: "Application", namespace: "argocd", name: "shop" };
const KUSTOMIZATION: OwnerRef = {
  group: "kustomize.toolkit.fluxcd.io",
  kind: "Kustomization",
  namespace: "flux-system",
  name: "apps",
};

function live(spec: object, metadata: object = {}, status: object = {}): OwnerObject {
  return { metadata: { uid: "1", resourceVersion: "1", ...metadata }, spec: { ...spec }, status: { ...status } };
}

const action = (verb: PlannedAction["verb"], object: string, ...paths: string[]): PlannedAction => ({
  ...{ verb, object, apiVersion: "v1" },
  ...(paths.length === 0 ? {} : { diff: paths.map((path) => ({ path, from: "1" })) }),
});

const scaled = (kind: string, from: string, to?: string): PlannedAction => ({
  ...action("Adopt", `${kind} a/b`),
  diff: [{ path: ".spec.replicas", from, ...(to === undefined ? {} : { to }) }],
});

describe("the plan of a take-over", () => {
  const CASES: readonly (readonly [PlannedAction, string, boolean])[] = [
    [action("Adopt", "ConfigMap a/b"), "equal", false],
    [action("Adopt", "ConfigMap a/b", ".metadata.labels.x", '.metadata.annotations["a/b"]'), "metadata", false],
    [action("Adopt", "ConfigMap a/b", ".data.x"), "fields", false],
    [scaled("Deployment", "1", "3"), "fields", false],
    [scaled("Deployment", "20", "2"), "scale", true],
    [scaled("StatefulSet", "3"), "scale", true],
    [scaled("Thing", "20", "2"), "fields", false],
    [action("Update", "Deployment a/b", ".spec.template.spec.containers[web].image"), "restart", true],
    [action("Adopt", "StatefulSet a/b", ".spec.template"), "restart", true],
    [action("Adopt", "CronJob a/b", ".spec.jobTemplate.spec"), "fields", false],
    [action("Recreate", "Job a/b"), "immutable", true],
    [action("Delete", "ConfigMap a/b"), "delete", true],
    [action("Hook", "Job a/b"), "hook", true],
    [action("HandOver", "ConfigMap a/b"), "other", true],
    [action("Create", "ConfigMap a/b"), "create", false],
  ];
  it("stops where a pod would be replaced, or anything re-created or deleted", () => {
    for (const [one, found, stops] of CASES) {
      const judged = judgePlan({ plan: [one] });
      expect(Object.keys(judged.classes), found).to.deep.equal([found]);
      expect(judged.stops.length > 0, found).to.equal(stops);
    }
  });

  it("stops if it is refused, or not shown completely", () => {
    expect(judgePlan({ refusals: [{ object: "Job a/b", message: "no" }] }).stops).to.deep.equal(["Job a/b: no"]);
    expect(judgePlan({ plan: [], omitted: 3 }).stops[0]).to.include("3 actions are missing");
  });

  it("stops where an object of the other tool would be created again, which would write its objects again", () => {
    const created = (apiVersion: string, object: string): readonly string[] =>
      judgePlan({ plan: [{ ...action("Create", object), apiVersion }] }).stops;
    expect(created("helm.toolkit.fluxcd.io/v2", "HelmRelease a/b").join()).to.include("remove its manifest from Git");
    expect(created("argoproj.io/v1alpha1", "Application a/b")).to.have.lengthOf(1);
    expect(created("argoproj.io/v1alpha1", "Rollout a/b")).to.deep.equal([]);
    expect(created("source.toolkit.fluxcd.io/v1", "GitRepository a/b")).to.deep.equal([]);
  });

  it("names definitions that it updates", () => {
    const definition = action("Adopt", "CustomResourceDefinition things.example.com", ".spec.versions");
    const { updatedDefinitions, stops } = judgePlan({
      plan: [definition, action("Adopt", "ConfigMap a/b", ".data.x")],
    });
    expect({ updatedDefinitions, stops }).to.deep.equal({ updatedDefinitions: [definition.object], stops: [] });
  });

  it("names labels that go, but not the marks of the tool", () => {
    const labels = ['.metadata.labels["kustomize.toolkit.fluxcd.io/name"]', ".metadata.labels.release"];
    expect(judgePlan({ plan: [action("Adopt", "Service a/b", ...labels)] }).removedLabels).to.deep.equal([
      "release of Service a/b",
    ]);
  });
});

describe("the object of the other tool", () => {
  it("is paused and gets exactly its settings again", () => {
    const automated = { prune: true };
    const before = live({ syncPolicy: { automated, retry: { limit: 1 } } });
    expect(pausePatch(APPLICATION, before)).to.deep.equal({
      metadata: { annotations: { "argocd.argoproj.io/skip-reconcile": "true" } },
      spec: { syncPolicy: { automated: null } },
    });
    expect(restorePatch(APPLICATION, before)).to.deep.equal({
      metadata: { annotations: { "argocd.argoproj.io/skip-reconcile": null } },
      spec: { syncPolicy: { automated } },
    });
    expect(restorePatch(KUSTOMIZATION, live({ suspend: false }))).to.deep.equal({ spec: { suspend: false } });
    expect(restorePatch(KUSTOMIZATION, live({}))).to.deep.equal({ spec: { suspend: null } });
    const skip = { annotations: { "argocd.argoproj.io/skip-reconcile": "true" } };
    expect(isPaused(APPLICATION, before)).to.equal(false);
    expect(isPaused(APPLICATION, live({ syncPolicy: {} }))).to.equal(false);
    expect(isPaused(APPLICATION, live({ syncPolicy: {} }, skip))).to.equal(true);
    expect(isPaused(APPLICATION, live({ syncPolicy: { automated: { enabled: false } } }, skip))).to.equal(true);
    expect(isPaused(APPLICATION, live({ syncPolicy: { automated: {} } }, skip))).to.equal(false);
    expect(isPaused(KUSTOMIZATION, live({ suspend: true }))).to.equal(true);
  });

  it("keeps only finalizers of others", () => {
    const finalizers = [
      ...["resources-finalizer.argocd.argoproj.io", "resources-finalizer.argocd.argoproj.io/background"],
      ...["post-delete-finalizer.argocd.argoproj.io/cleanup", "finalizers.fluxcd.io", "example.com/mine"],
    ];
    expect(harmlessFinalizers(live({}, { finalizers }))).to.deep.equal(["example.com/mine"]);
  });

  it("stops where an object would be created beside one of the same kind that is left", () => {
    const left = ["Deployment shop/shop", "ConfigMap shop/old"];
    const judged = judgeLeft(left, ["Deployment shop/shop-1", "Service shop/shop-1"]);
    expect(judged).to.deep.equal({ doubled: ["Deployment shop/shop"], harmless: ["ConfigMap shop/old"] });
    expect(judgeLeft(left, []).doubled).to.deep.equal([]);
  });

  it("waits for parents that would make it again or undo its pause", () => {
    const child = live(
      {},
      {
        ownerReferences: [{ kind: "ApplicationSet", name: "all", uid: "9" }],
        annotations: { "argocd.argoproj.io/tracking-id": "root:argoproj.io/Application:argocd/shop" },
      },
    );
    const [set, root] = parentsOf(APPLICATION, child);
    expect([set?.name, root?.name]).to.deep.equal(["all", "root"]);
    if (set === undefined || root === undefined) return;
    expect(parentProblem(set, live({}, { uid: "9" }), child)).to.include("kubectl delete --cascade=orphan");
    expect(parentProblem(set, live({}, { uid: "10" }), child)).to.equal(undefined);
    expect(parentProblem(set, undefined, child)).to.equal(undefined);
    expect(parentProblem(root, live({ syncPolicy: { automated: {} } }), child)).to.include("undoes its pause");
    expect(parentProblem(root, live({ syncPolicy: {} }), child)).to.equal(undefined);
    const byLabel = { "app.kubernetes.io/instance": "root", "argocd.argoproj.io/instance": "root" };
    expect(parentsOf(APPLICATION, live({}, { labels: byLabel }))).to.deep.equal([
      { group: "argoproj.io", kind: "Application", namespace: "argocd", name: "root" },
    ]);
    const ofItself = live({}, { labels: { "app.kubernetes.io/instance": APPLICATION.name } });
    expect(parentsOf(APPLICATION, ofItself)).to.deep.equal([]);
    const labels = { "kustomize.toolkit.fluxcd.io/name": "root", "kustomize.toolkit.fluxcd.io/namespace": "fleet" };
    const [parent] = parentsOf(KUSTOMIZATION, live({}, { labels }));
    expect(parent).to.deep.include({ kind: "Kustomization", namespace: "fleet", name: "root" });
    if (parent === undefined) return;
    expect(parentProblem(parent, live({}), live({}, { labels }))).to.include("suspend it first");
    expect(parentProblem(parent, live({ suspend: true }), live({}, { labels }))).to.equal(undefined);
    const left = live({}, { labels, annotations: { "kustomize.toolkit.fluxcd.io/reconcile": "disabled" } });
    expect(parentProblem(parent, live({}), left)).to.equal(undefined);
    const ours = live(
      {},
      { labels: { "gitops.overseer.io/app": "root", "gitops.overseer.io/app-namespace": "fleet" } },
    );
    const [app] = parentsOf(KUSTOMIZATION, ours);
    expect(app).to.deep.equal({ group: "gitops.overseer.io", kind: "OverseerApp", namespace: "fleet", name: "root" });
    if (app === undefined) return;
    const problem = (spec: object): string | undefined => parentProblem(app, live(spec), ours);
    expect(problem({})).to.include("OverseerApp fleet/root").and.include("remove its manifest from Git");
    expect(problem({ sync: { mode: "Manual", selfHeal: true } })).to.include("OverseerApp fleet/root");
    expect(problem({ sync: { mode: "Manual", selfHeal: false } })).to.equal(undefined);
    expect(problem({ suspend: true })).to.equal(undefined);
  });

  it("lists what it manages", () => {
    const resources = [
      { kind: "Deployment", group: "apps", namespace: "shop", name: "web" },
      { kind: "Namespace", name: "shop" },
      { kind: "Job", namespace: "shop", name: "hook", hook: true },
    ];
    expect(inventoryOf(APPLICATION, live({}, {}, { resources }))).to.deep.equal([
      "Deployment shop/web",
      "Namespace shop",
    ]);
    const entries = [
      { id: "shop_web_apps_Deployment" },
      { id: "_system__x_rbac.authorization.k8s.io_ClusterRole" },
      { id: "?" },
    ];
    expect(inventoryOf(KUSTOMIZATION, live({}, {}, { inventory: { entries } }))).to.deep.equal([
      "Deployment shop/web",
      "ClusterRole system:x",
    ]);
  });

  it("is named by four parts", () => {
    expect(parseOwner("argoproj.io/Application/argocd/shop")).to.deep.equal(APPLICATION);
    for (const bad of ["", "a/b/c", "a/b/c/d/e", "a//c/d"]) expect(parseOwner(bad), bad).to.equal(undefined);
  });
});

describe("the comparison of live objects", () => {
  it("finds missing and re-created objects, changed templates and replaced pods", () => {
    const state = (uid: string, template = "t", pods = ["p"]) => ({ apiVersion: "v1", uid, template, pods });
    const before = { a: state("1"), b: state("2"), c: state("3"), d: state("4", "t", ["p", "q"]) };
    const { faults, notes, objects, pods } = compare(before, {
      b: state("x"),
      c: state("3", "u"),
      d: state("4", "t", ["q", "r"]),
    });
    expect(faults).to.deep.equal([
      "a is missing",
      "b was re-created: its UID was 2 and is x",
      "c has another pod template",
    ]);
    expect(notes).to.deep.equal(["d: 1 pods were replaced, although its template is the same"]);
    expect([objects, pods]).to.deep.equal([4, 1]);
  });

  it("does not depend on the order of fields, and knows marks of tools", () => {
    expect(templateHash({ spec: { template: { a: 1, b: 2 } } })).to.equal(
      templateHash({ spec: { template: { b: 2, a: 1 } } }),
    );
    expect(templateHash({ data: {} })).to.equal(undefined);
    expect(marksOf({ labels: { "helm.toolkit.fluxcd.io/name": "x", app: "x" } })).to.deep.equal([
      "helm.toolkit.fluxcd.io/name",
    ]);
    expect(marksOf({ annotations: { "argocd.argoproj.io/tracking-id": "x" } }).length).to.equal(1);
  });
});

describe("the group of a take-over", () => {
  const imported = (namespace: string, name: string, from = "argoproj.io/Application/argocd/shop"): LiveApp =>
    ({
      metadata: { namespace, name, annotations: { "gitops.overseer.io/imported-from": from } },
    }) as unknown as LiveApp;
  const web = imported("shop", "web");
  const second = imported("shop", "web-2");
  const forged = imported("evil", "a");

  it("has the apps of one namespace only, whatever apps in others are annotated with", () => {
    const [group, ...more] = groupApps([web], [forged, second, web, imported("shop", "x", "g/K/a/b")]);
    expect(more).to.deep.equal([]);
    expect(group?.apps).to.deep.equal([web, second]);
  });

  it("is refused if apps of two namespaces replace the same object", () => {
    expect(() => groupApps([web, forged], [web, forged])).to.throw(
      "shop/web and evil/a both replace Application argocd/shop, and are in different namespaces",
    );
    expect(() => groupApps([imported("shop", "y", "rubbish")], [])).to.throw("has no valid annotation");
  });
});

describe("the state of a take-over", () => {
  const saved = live({});
  const state: TakeOverState = { step: "paused", owner: APPLICATION, saved };
  const packed = (value: unknown): string => gzipSync(JSON.stringify(value)).toString("base64");

  it("is used only for the object that it was saved for", () => {
    expect(stateProblem(state, APPLICATION, saved)).to.equal(undefined);
    expect(stateProblem(state, APPLICATION, undefined)).to.equal(undefined);
    expect(stateProblem({ ...state, step: "done" }, APPLICATION, undefined)).to.equal(undefined);
    expect(stateProblem(state, KUSTOMIZATION, saved)).to.equal(
      "holds the state of the take-over of Application argocd/shop, not of Kustomization flux-system/apps",
    );
    expect(stateProblem({ ...state, step: "done" }, APPLICATION, live({}, { uid: "2" }))).to.equal(
      "holds the state of an earlier take-over: Application argocd/shop was deleted and re-created since",
    );
    expect(stateProblem({ ...state, step: "detached" }, APPLICATION, saved)).to.equal(
      "says that Application argocd/shop is deleted, but it exists",
    );
  });

  it("is read as it was saved, and refused if it is damaged", () => {
    expect(readState(packed(state))).to.deep.equal(state);
    for (const bad of ["", "AAAA", packed({}), packed({ ...state, step: "x" }), packed({ ...state, saved: {} })])
      expect(() => readState(bad), bad).to.throw();
  });
});
