import { expect } from "chai";
import type { LiveObject } from "../../../src/plan/live.js";
import { pruneBudget } from "../../../src/plan/prune-budget.js";
import {
  alwaysNeedsApproval,
  anyToPrune,
  DeletePermit,
  judgeRecreation,
  type PruneRequest,
} from "../../../src/plan/prune-guard.js";
import { prune, said } from "./support/judge.js";
import { configMaps, live, PROTECTED } from "./support/objects.js";

const MAP = "v1 ConfigMap shop/a";
const ARGO = (option: string): string => `argocd.argoproj.io/sync-options: ${option}`;
const OTHER = () => "shop/other";

/** [case, candidate, request, decision] */
const ONE: readonly (readonly [string, Partial<LiveObject>, Partial<PruneRequest>, string])[] = [
  ["an object of ours that left Git", {}, {}, "Delete"],
  ["one that drifted", { state: "Drifted" }, {}, "Delete"],
  ["one that may have drifted", { state: "Unverified" }, {}, "Delete"],
  ["one that is not well", { health: { status: "Degraded", message: "broken" } }, {}, "Delete"],
  ["one whose document is not known any more", { documentHash: undefined }, {}, "Delete"],
  ["one that is being deleted", { deleting: true }, {}, "Keep AlreadyDeleting"],
  [
    "one that is being deleted and another app claims",
    { deleting: true },
    { claimedBy: OTHER },
    "Keep AlreadyDeleting",
  ],
  ["one that another app claims", {}, { claimedBy: OTHER }, "HandOver shop/other"],
  ["one that another app claims, with prune off", {}, { claimedBy: OTHER, prune: false }, "HandOver shop/other"],
  [
    "a protected one that another app claims",
    { keepAnnotations: PROTECTED },
    { claimedBy: OTHER },
    "HandOver shop/other",
  ],
  ["any, with prune off", {}, { prune: false }, "Keep PruneDisabled"],
  ["a protected one", { keepAnnotations: PROTECTED }, {}, "Keep ProtectedObject"],
  ["one that a part of the source may want that was not read", {}, { unread: "app/base.d: why" }, "Keep SourceUnread"],
  [
    "one that another app claims, with a part of the source not read",
    {},
    { unread: "app/base.d: why", claimedBy: OTHER },
    "HandOver shop/other",
  ],
  [
    "one that a person has confirmed, with a part of the source not read",
    { deletionConfirmed: true },
    { unread: "app/base.d: why" },
    "Delete",
  ],
  ["a protected one, with prune off", { keepAnnotations: PROTECTED }, { prune: false }, "Keep PruneDisabled"],
  ["one that Argo CD would not prune", { keepAnnotations: [ARGO("Prune=false")] }, {}, "Keep ProtectedObject"],
  [
    "one that Argo CD would prune and not delete with its app",
    { keepAnnotations: [ARGO("Delete=false")] },
    {},
    "Delete",
  ],
  [
    "one that Flux would not prune",
    { keepAnnotations: ["kustomize.toolkit.fluxcd.io/prune: disabled"] },
    {},
    "Keep ProtectedObject",
  ],
  ["one that Helm would keep", { keepAnnotations: ["helm.sh/resource-policy: keep"] }, {}, "Keep ProtectedObject"],
  [
    "one that Helm would keep and a person has confirmed",
    { keepAnnotations: ["helm.sh/resource-policy: keep"], deletionConfirmed: true },
    {},
    "Delete",
  ],
  [
    "a protected one that a person has confirmed",
    { keepAnnotations: PROTECTED, deletionConfirmed: true },
    {},
    "Delete",
  ],
  ["a confirmed one, with prune off", { deletionConfirmed: true }, { prune: false }, "Keep PruneDisabled"],
  ["a confirmed one without our entry", { ownership: "Claimed", deletionConfirmed: true }, {}, "Keep NotProven"],
  ["a confirmed copy that carries our labels", { ownership: "Foreign", deletionConfirmed: true }, {}, "Keep NotProven"],
  ["a confirmed one that another app claims", { deletionConfirmed: true }, { claimedBy: OTHER }, "HandOver shop/other"],
  ["one that is to be left as it is, although confirmed", { paused: true, deletionConfirmed: true }, {}, "Keep Paused"],
  ["one that is to be left as it is", { paused: true }, {}, "Keep Paused"],
  ["one that is to be left as it is and another app claims", { paused: true }, { claimedBy: OTHER }, "Keep Paused"],
  ["one without our entry", { ownership: "Claimed" }, {}, "Keep NotProven"],
  ["one without our entry that another app claims", { ownership: "Claimed" }, { claimedBy: OTHER }, "Keep NotProven"],
  ["a copy that carries our labels", { ownership: "Foreign" }, {}, "Keep NotProven"],
  ["a copy that another app claims", { ownership: "Foreign" }, { claimedBy: OTHER }, "Keep NotProven"],
  [
    "a copy when an empty source is allowed",
    { ownership: "Foreign" },
    { desired: 0, allowEmpty: true },
    "Keep NotProven",
  ],
];

describe("judgeRecreation", () => {
  for (const [what, change, text, expected] of [
    ["an object of the app", {}, "v1 ConfigMap shop/m", "permitted"],
    ["a paused one", { paused: true }, "v1 ConfigMap shop/m", /annotated gitops.overseer.io\/reconcile: disabled/],
    ["a claimed one", { ownership: "Claimed" }, "v1 ConfigMap shop/m", /does not own it/],
    ["one that is being deleted", { deleting: true }, "v1 ConfigMap shop/m", /being deleted/],
    [
      "a protected one",
      { keepAnnotations: PROTECTED },
      "v1 ConfigMap shop/m",
      /is annotated gitops.overseer.io\/prune: disabled: annotate/,
    ],
    [
      "a kind that always asks",
      {},
      "v1 PersistentVolumeClaim shop/c",
      /deletion of a PersistentVolumeClaim requires approval/,
    ],
    ["a confirmed one of such a kind", { deletionConfirmed: true }, "v1 PersistentVolumeClaim shop/c", "permitted"],
    [
      "a confirmed one that is protected",
      { deletionConfirmed: true, keepAnnotations: PROTECTED },
      "v1 ConfigMap shop/m",
      "permitted",
    ],
  ] as const)
    it(`of ${what}`, () => {
      const { permit, refusal = "permitted" } = judgeRecreation(live(text, change));
      expect(refusal).to.match(typeof expected === "string" ? new RegExp(`^${expected}$`) : expected);
      expect(permit === undefined).to.equal(refusal !== "permitted");
    });
});

describe("judgePrune", () => {
  for (const [what, change, request, decision] of ONE) {
    it(`decides ${decision} about ${what}`, () => {
      const leftover = live(MAP, change);
      const verdict = prune({ pruneCandidates: [leftover], ...request });
      expect(verdict.decisions.map(said)).to.deep.equal([decision]);
      expect(verdict.decisions[0]?.live).to.equal(leftover);
      expect(verdict).to.include({ refusal: undefined, approval: undefined });
    });
  }

  it("gives the reason for each kept object, and the annotation of a protected one", () => {
    const messages: Readonly<Record<string, RegExp>> = {
      AlreadyDeleting: /^is already being deleted$/,
      NotProven: /^has the app's labels but no managedFields entry of the app, so ownership is not proven: /,
      Paused: /^not reconciled because it is annotated gitops\.overseer\.io\/reconcile: disabled$/,
      ProtectedObject: /^removed from Git; kept because it is annotated \S+: \S+; annotate the object /,
      PruneDisabled: /^removed from Git; kept because sync\.prune is false$/,
      SourceUnread: /^is in no rendered document; kept because of app\/base\.d: why$/,
    };
    const seen = new Set<string>();
    for (const [what, change, request] of ONE) {
      const [first] = prune({ pruneCandidates: [live(MAP, change)], ...request }).decisions;
      if (first?.verb !== "Keep") continue;
      seen.add(first.reason);
      expect(first.message, what).to.match(messages[first.reason] ?? /^a reason without a message$/);
    }
    expect([...seen].sort()).to.deep.equal(Object.keys(messages));
    const [first] = prune({ pruneCandidates: [live(MAP, { keepAnnotations: PROTECTED })] }).decisions;
    expect(first).to.have.property("message").that.includes("gitops.overseer.io/prune: disabled");
    for (const mark of [
      ARGO("Prune=false"),
      "kustomize.toolkit.fluxcd.io/prune: disabled",
      "helm.sh/resource-policy: keep",
    ]) {
      const [kept] = prune({ pruneCandidates: [live(MAP, { keepAnnotations: [mark] })] }).decisions;
      expect(kept).to.have.property(
        "message",
        `removed from Git; kept because it is annotated ${mark}; annotate the object gitops.overseer.io/prune: confirmed to delete it`,
      );
    }
  });

  it("requires approval for an object annotated so, and names annotation and remedy", () => {
    const verdict = prune({ pruneCandidates: [live(MAP, { keepAnnotations: [ARGO("Prune=confirm")] })] });
    expect(verdict.approval).to.equal(
      "would delete ConfigMap a (annotated argocd.argoproj.io/sync-options: Prune=confirm), which requires approval: annotate the object gitops.overseer.io/prune: confirmed to delete it, or gitops.overseer.io/prune: disabled to keep it, or restore it in Git",
    );
    for (const change of [{ deletionConfirmed: true }, { keepAnnotations: [ARGO("Delete=confirm")] }])
      expect(prune({ pruneCandidates: [live(MAP, change)] }).approval, JSON.stringify(change)).to.equal(undefined);
  });

  it("requires no approval for an object whose deletion a user confirmed", () => {
    const claim = "v1 PersistentVolumeClaim shop/data";
    const verdict = prune({ pruneCandidates: [live(claim, { deletionConfirmed: true })] });
    expect(verdict.approval).to.equal(undefined);
    expect(verdict.decisions[0]).to.include({ verb: "Delete", needsApproval: false });
    expect(prune({ pruneCandidates: [live(claim, { deletionConfirmed: true }), live(`${claim}2`)] }).approval).to.match(
      /^would delete PersistentVolumeClaim data2, which/,
    );
  });

  it("keeps what a kept object needs: account, permissions and configuration", () => {
    const kept = live("apps/v1 Deployment shop/web", { keepAnnotations: PROTECTED });
    const beside = [
      "v1 ServiceAccount shop/web",
      "v1 ConfigMap shop/web",
      "rbac.authorization.k8s.io/v1 RoleBinding shop/web",
    ];
    const others = ["v1 ConfigMap other/web", "v1 Service shop/web", "rbac.authorization.k8s.io/v1 ClusterRole web"];
    const verdict = prune({
      pruneCandidates: [kept, ...[...beside, ...others].map((text) => live(text))],
      budget: "100%",
    });
    expect(verdict.decisions.map(said)).to.deep.equal([
      "Keep ProtectedObject",
      ...beside.map(() => "Keep NeededByKept"),
      ...others.map(() => "Delete"),
    ]);
    expect(verdict.decisions[1]).to.have.property(
      "message",
      "kept because Deployment shop/web, which is kept, may need it",
    );
  });

  it("keeps a namespace and a definition with kept content, although confirmed", () => {
    const confirmed = { deletionConfirmed: true };
    const namespace = prune({
      pruneCandidates: [live("v1 Namespace shop", confirmed), live(MAP, { keepAnnotations: PROTECTED })],
    });
    expect(namespace.decisions.map(said)).to.deep.equal(["Keep NamespaceInUse", "Keep ProtectedObject"]);
    const definition = live("apiextensions.k8s.io/v1 CustomResourceDefinition widgets.example.com", confirmed);
    const widget = live("example.com/v1 Widget shop/w", { keepAnnotations: PROTECTED });
    expect(prune({ pruneCandidates: [definition, widget] }).decisions.map(said)).to.deep.equal([
      "Keep NamespaceInUse",
      "Keep ProtectedObject",
    ]);
  });

  it("issues a permit for exactly the judged object and state", () => {
    const leftover = live(MAP);
    const [decision] = prune({ pruneCandidates: [leftover] }).decisions;
    expect(decision?.verb === "Delete" && decision.permit).to.be.instanceOf(DeletePermit);
    expect(decision?.verb === "Delete" && decision.permit.live).to.equal(leftover);
  });

  it("refuses everything while kinds cannot be listed", () => {
    const verdict = prune({ pruneCandidates: configMaps(2), observationComplete: false, claimedBy: OTHER });
    expect(verdict.decisions).to.deep.equal([]);
    expect(verdict.refusal).to.match(/could not be listed/);
  });

  it("refuses nothing without candidates, even with lists missing", () => {
    const nothing = { decisions: [], refusal: undefined, approval: undefined };
    expect(prune({ observationComplete: false, desired: 0 })).to.deep.equal(nothing);
  });

  it("refuses a source without documents, and names the remedy", () => {
    const verdict = prune({ pruneCandidates: configMaps(2), desired: 0 });
    expect(verdict.refusal).to.match(/all 2 objects: .*set sync\.allowEmpty/);
    expect(verdict.approval).to.equal(undefined);
  });

  it("accepts an empty source when nothing would be deleted", () => {
    for (const request of [{ prune: false }, { claimedBy: OTHER }]) {
      expect(prune({ pruneCandidates: configMaps(9), desired: 0, ...request })).to.include({
        refusal: undefined,
        approval: undefined,
      });
    }
  });

  it("deletes everything for an empty source if allowed, without a budget", () => {
    const verdict = prune({ pruneCandidates: configMaps(9), desired: 0, allowEmpty: true, budget: 0 });
    expect(verdict).to.include({ refusal: undefined, approval: undefined });
    expect(verdict.decisions.map(said)).to.deep.equal(Array(9).fill("Delete"));
  });

  it("requires approval by kind even where an empty source is allowed", () => {
    expect(prune({ pruneCandidates: [live("v1 Namespace shop")], desired: 0, allowEmpty: true }).approval).to.match(
      /^would delete Namespace shop, which requires approval/,
    );
  });
});

/** [budget, desired objects, prune candidates, whether approval is required] */
const BUDGETS: readonly (readonly [number | string | undefined, number, number, boolean])[] = [
  [undefined, 1, 3, false],
  [undefined, 1, 4, true],
  [undefined, 12, 4, false],
  [undefined, 11, 4, true],
  [undefined, 75, 25, false],
  [undefined, 74, 26, true],
  [0, 100, 1, true],
  ["0", 100, 1, true],
  ["0%", 100, 1, true],
  [1, 100, 1, false],
  [1, 100, 2, true],
  ["2", 100, 2, false],
  ["2", 100, 3, true],
  ["50%", 2, 2, false],
  ["50%", 1, 2, true],
  ["100%", 1, 50, false],
];

describe("the budget of judgePrune", () => {
  for (const [budget, desired, count, needsApproval] of BUDGETS) {
    it(`${needsApproval ? "requires approval for" : "allows"} ${count} of ${desired + count} deletions with ${budget ?? "no budget set"}`, () => {
      const verdict = prune({ pruneCandidates: configMaps(count), desired, budget });
      expect(verdict.refusal).to.equal(undefined);
      if (needsApproval)
        expect(verdict.approval).to.match(new RegExp(`^would delete ${count} of ${desired + count} objects`));
      else expect(verdict.approval).to.equal(undefined);
    });
  }

  it("does not count confirmed objects", () => {
    const confirmed = configMaps(9, { deletionConfirmed: true });
    expect(prune({ pruneCandidates: confirmed, budget: 0 }).approval).to.equal(undefined);
    expect(prune({ pruneCandidates: [...confirmed, live("v1 Secret shop/s")], budget: 0 }).approval).to.match(
      /^would delete 1 of/,
    );
  });

  it("counts deletions only, not kept or transferred objects", () => {
    const kept = configMaps(10, { keepAnnotations: PROTECTED });
    expect(prune({ pruneCandidates: [...kept, live("v1 Secret shop/s")], budget: 1 }).approval).to.equal(undefined);
    expect(prune({ pruneCandidates: configMaps(10), budget: 0, claimedBy: OTHER }).approval).to.equal(undefined);
  });

  it("names the budget that would be needed", () => {
    expect(prune({ pruneCandidates: configMaps(9), desired: 1 }).approval).to.equal(
      "would delete 9 of 10 objects, which exceeds the prune budget of 3: raise sync.pruneBudget to at least 9 if this is intended",
    );
  });

  it("is a percentage of the live objects, not of the desired ones", () => {
    const replaced = { pruneCandidates: configMaps(10), desired: 10, live: 10, budget: "50%" };
    expect(prune(replaced).approval).to.contain("would delete 10 of 10 objects, which exceeds the prune budget of 5");
  });

  it("requires approval if the budget is invalid", () => {
    for (const budget of ["", "many", "%", -1, Number.NaN]) {
      expect(prune({ pruneCandidates: configMaps(1), budget }).approval, String(budget)).to.be.a("string");
    }
  });
});

describe("pruneBudget", () => {
  const cases: readonly (readonly [number | string | undefined, number, number])[] = [
    [undefined, 0, 3],
    [undefined, 12, 3],
    [undefined, 15, 3],
    [undefined, 16, 4],
    [undefined, 1000, 250],
    [0, 1000, 0],
    ["0", 1000, 0],
    ["0%", 1000, 0],
    [7, 10, 7],
    ["7", 1000, 7],
    ["10%", 9, 0],
    ["10%", 10, 1],
    ["33%", 10, 3],
    ["100%", 10, 10],
    ["25%", 0, 0],
  ];
  for (const [budget, total, allowed] of cases) {
    it(`allows ${allowed} of ${total} with ${budget ?? "no budget set"}`, () => {
      expect(pruneBudget(budget, total)).to.equal(allowed);
    });
  }
});

describe("alwaysNeedsApproval", () => {
  const asking = [
    "v1 Namespace shop",
    "v1 PersistentVolume data",
    "v1 PersistentVolumeClaim shop/data",
    "apiextensions.k8s.io/v1 CustomResourceDefinition widgets.example.com",
    "gitops.overseer.io/v1alpha1 OverseerApp shop/web",
    "gitops.overseer.io/v1alpha1 GitRepository shop/web",
    "gitops.overseer.io/v1alpha1 OverseerAppSet shop/web",
  ];
  const others = [
    "v1 ConfigMap shop/a",
    "v1 Secret shop/a",
    "apps/v1 StatefulSet shop/db",
    "example.com/v1 Namespace shop/mine",
    "example.com/v1 PersistentVolumeClaim shop/mine",
    "apiextensions.example.com/v1 CustomResourceDefinition shop/mine",
    "gitops.overseer.io/v1alpha1 Change shop/web-1",
  ];
  it("requires approval for a StatefulSet that deletes its volume claims, and names them", () => {
    const set = live("apps/v1 StatefulSet shop/db", { deletesVolumes: true });
    const { approval, decisions } = prune({ pruneCandidates: [set], budget: "100%" });
    expect(approval).to.match(/^would delete StatefulSet db with its volume claims, which requires approval/);
    expect(decisions[0]).to.include({ verb: "Delete", needsApproval: true });
    const confirmed = live("apps/v1 StatefulSet shop/db", { deletesVolumes: true, deletionConfirmed: true });
    expect(prune({ pruneCandidates: [confirmed] }).approval).to.equal(undefined);
    expect(judgeRecreation(set).refusal).to.contain("whenDeleted: Delete deletes its volume claims: set it to Retain");
    expect(judgeRecreation(confirmed).refusal).to.equal(undefined);
  });

  for (const text of asking) {
    it(`requires approval for ${text}, whatever the version and the budget`, () => {
      expect(alwaysNeedsApproval(live(text))).to.equal(true);
      expect(alwaysNeedsApproval(live(text.replace(/v1\w*/, "v9")))).to.equal(true);
      const verdict = prune({ pruneCandidates: [live(text)], budget: "100%" });
      expect(verdict.approval).to.match(/requires approval/);
      expect(verdict.decisions[0]).to.include({ verb: "Delete", needsApproval: true });
    });

    it(`requires none for ${text} if kept or transferred`, () => {
      for (const change of [
        { prune: false },
        { claimedBy: OTHER },
        { pruneCandidates: [live(text, { deleting: true })] },
      ]) {
        expect(prune({ pruneCandidates: [live(text)], budget: "100%", ...change }).approval).to.equal(undefined);
      }
    });
  }
  for (const text of others) {
    it(`requires none for ${text}`, () => {
      expect(alwaysNeedsApproval(live(text))).to.equal(false);
      expect(prune({ pruneCandidates: [live(text)] }).decisions[0]).to.include({
        verb: "Delete",
        needsApproval: false,
      });
    });
  }

  it("names five objects that require approval, and counts the others", () => {
    const pruneCandidates = Array.from({ length: 7 }, (_, n) => live(`v1 PersistentVolumeClaim shop/p${n}`));
    expect(prune({ pruneCandidates: pruneCandidates, budget: "100%" }).approval).to.match(
      /^would delete PersistentVolumeClaim p0, (?:PersistentVolumeClaim p\d, ){3}PersistentVolumeClaim p4 and 2 more,/,
    );
  });
});

describe("anyToPrune", () => {
  const cases: readonly (readonly [string, readonly LiveObject[], boolean])[] = [
    ["nothing", [], false],
    ["an object of ours", [live(MAP)], true],
    ["one that asks", [live("v1 Namespace shop")], true],
    ["kept ones alone", [live(MAP, { keepAnnotations: PROTECTED }), live("v1 Secret shop/s", { paused: true })], false],
    ["one that is going", [live(MAP, { deleting: true })], false],
    ["one that is not proven", [live(MAP, { ownership: "Claimed" })], false],
    [
      "what a kept one needs",
      [live("v1 ServiceAccount shop/web"), live("apps/v1 Deployment shop/web", { keepAnnotations: PROTECTED })],
      false,
    ],
  ];
  for (const [what, pruneCandidates, expected] of cases)
    it(`is ${expected} for ${what}`, () => {
      expect(anyToPrune(pruneCandidates)).to.equal(expected);
    });

  it("is false while a part of the source cannot be read, unless the deletion is confirmed", () => {
    expect(anyToPrune([live(MAP)], "why")).to.equal(false);
    expect(anyToPrune([live(MAP, { deletionConfirmed: true })], "why")).to.equal(true);
  });
});
