import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import { convertArgo } from "../../../src/migration/argocd/convert.js";
import { application } from "./support/fixtures.js";

const POLICY = "gitops.overseer.io/imported-policy";

/** What may be deleted after the import of an Application with these options, which deletes and prunes by itself. */
function imported(syncOptions: readonly string[], automated: object = { prune: true }, annotations = {}) {
  const object = application(
    { syncPolicy: { automated, syncOptions } },
    {
      metadata: {
        name: "shop",
        namespace: "argocd",
        finalizers: ["resources-finalizer.argocd.argoproj.io"],
        annotations,
      },
    },
  );
  const { manifests, conversions } = checkResult(convertArgo([object], [], { serviceAccount: "deployer" }));
  const app = manifests.find(({ kind }) => kind === "OverseerApp");
  const policy = JSON.parse(app?.metadata.annotations?.[POLICY] ?? "{}") as {
    prune?: boolean;
    deletionPolicy?: string;
  };
  const findings = (conversions[0]?.findings ?? []).map(({ field, message }) => `${field} ${message}`);
  const { pruneBudget, allowEmpty } = (app?.spec.sync ?? {}) as { pruneBudget?: number; allowEmpty?: boolean };
  return { ...policy, pruneBudget, allowEmpty, findings, annotations: app?.metadata.annotations ?? {} };
}

describe("deletions after the import of an Application", () => {
  it("are those of Argo CD without options", () => {
    expect(imported([])).to.include({ prune: true, deletionPolicy: "Delete", pruneBudget: undefined });
    expect(imported(["Prune=true", "Delete=true"])).to.include({ prune: true, deletionPolicy: "Delete" });
  });

  const OPTIONS: readonly (readonly [string, object])[] = [
    ["Prune=false", { prune: false, deletionPolicy: "Delete" }],
    ["Delete=false", { prune: true, deletionPolicy: "Orphan" }],
    ["Prune=confirm", { prune: true, pruneBudget: 0, deletionPolicy: "Orphan" }],
    ["Delete=confirm", { prune: true, deletionPolicy: "Orphan" }],
  ];
  for (const [option, expected] of OPTIONS)
    it(`keep what ${option} of the whole Application keeps, and the report names the option`, () => {
      const { findings, ...policy } = imported(["ServerSideApply=true", option]);
      expect(policy).to.include(expected);
      expect(findings.join("\n")).to.include(`spec.syncPolicy.syncOptions[1] ${option}: becomes `);
    });

  it("follow the first of several options of one name, as with Argo CD", () => {
    const kept = imported(["Prune=false", "Prune=true"]);
    expect(kept).to.include({ prune: false });
    expect(kept.findings.join()).to.include("spec.syncPolicy.syncOptions[1] Prune=true: has no effect");
    expect(imported(["Prune=true", "Prune=false"])).to.include({ prune: true });
  });

  it("need an approval with Prune=confirm also where the source is empty", () => {
    const { findings, ...policy } = imported(["Prune=confirm"], { prune: true, allowEmpty: true });
    expect(policy).to.include({ pruneBudget: 0, allowEmpty: undefined });
    expect(findings.join()).to.include(
      "spec.syncPolicy.automated.allowEmpty is not converted because of Prune=confirm",
    );
  });

  it("do not come from an automation that is disabled", () => {
    const { findings, ...policy } = imported([], { enabled: false, prune: true, selfHeal: true });
    expect(policy).to.include({ mode: "Manual", prune: false, selfHeal: false });
    expect(findings.join()).to.include("spec.syncPolicy.automated.prune has no effect");
  });

  it("spare the app itself where the Application was protected from its parent", () => {
    const options = { "argocd.argoproj.io/sync-options": "Prune=false,Replace=true" };
    expect(imported([], {}, options).annotations).to.include(options);
    const other = { "argocd.argoproj.io/sync-options": "Replace=true" };
    expect(imported([], {}, other).annotations).to.not.have.property("argocd.argoproj.io/sync-options");
  });
});
