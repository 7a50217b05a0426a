import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import { convertArgo } from "../../../src/migration/argocd/convert.js";
import type { ArgoCredential } from "../../../src/migration/argocd/secrets.js";
import type { ImportOptions, InputObject, OutputManifest } from "../../../src/migration/conversion.js";
import { application } from "./support/fixtures.js";

const _PASSWORD = "hunter2";
const _SAFE = { mode: "Manual", adopt: "Always", prune: false, selfHeal: false };

function convert(
  objects: readonly InputObject[],
  options: ImportOptions = {},
  credentials: readonly ArgoCredential[] = [],
) {
  return checkResult(convertArgo(objects, credentials, { serviceAccount: "deployer", ...options }));
}

function _appOf(object: InputObject, options: ImportOptions = {}): OutputManifest {
  const { manifests, conversions } = convert([object], options);
  const app = manifests.find(({ kind }) => kind === "OverseerApp");
  if (app === undefined) throw new Error(JSON.stringify(conversions[0]?.findings));
  return app;
}

function _findingsOf(object: InputObject): string[] {
  const { conversions } = convert([object]);
  return (conversions[0]?.findings ?? []).map(({ level, field, message }) => `${level} ${field} ${message}`);
}

const _source = (more: object): Record<string, unknown> => ({
  source: { repoURL: "https://git.example.com/team/shop.git", path: "deploy", ...more },
});
describe("the import of an ApplicationSet", () => {
  describe("by its generators", () => {
    const set = (generators: readonly unknown[], spec: object = {}, goTemplate = true): InputObject => ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "ApplicationSet",
      metadata: { name: "all", namespace: "argocd" },
      spec: {
        goTemplate,
        generators,
        template: {
          metadata: { name: goTemplate ? "shop-{{.path.basename}}" : "shop-{{path.basename}}" },
          spec: {
            ...(application().spec as object),
            source: { repoURL: REPO, path: goTemplate ? "{{.path.path}}" : "{{path}}" },
            ...spec,
          },
        },
      },
    });
    const REPO = "https://git.example.com/team/shop.git";
    const folders = {
      git: { repoURL: REPO, revision: "main", directories: [{ path: "apps/*" }, { path: "apps/x", exclude: true }] },
    };
    const setOf = (...objects: Parameters<typeof set>) =>
      convert([set(...objects)]).manifests.find(({ kind }) => kind === "OverseerAppSet");
    const repositoryRef = { name: "shop", namespace: "argocd" };

    for (const goTemplate of [true, false])
      it(`of folders becomes an OverseerAppSet that only shows its plan${goTemplate ? "" : ", also in the older language"}`, () => {
        const result = setOf([folders], {}, goTemplate);
        expect(result?.metadata).to.deep.equal({ name: "all", namespace: "shop" });
        expect(result?.spec).to.deep.include({ dryRun: true, prune: false });
        const gitFolders = { repositoryRef, ref: { branch: "main" }, folders: ["apps/*"], exclude: ["apps/x"] };
        expect(result?.spec.generators).to.deep.equal([{ gitFolders }]);
        const template = result?.spec.template as {
          metadata: { name: string };
          spec: { source: object; sync: object };
        };
        expect(template.metadata.name).to.equal("shop-{{ .path.basename }}");
        expect(template.spec.source).to.deep.include({ path: "{{ .path.path }}", repositoryRef });
        expect(template.spec.sync).to.deep.include({ mode: "Manual", adopt: "Always", prune: false });
      });

    it("of a list, of files, and of both as a matrix, becomes one", () => {
      const list = { list: { elements: [{ env: "dev" }] } };
      const files = { git: { repoURL: REPO, files: [{ path: "apps/*/app.json" }], pathParamPrefix: "app" } };
      expect(setOf([list, { matrix: { generators: [list, files] } }])?.spec.generators).to.deep.equal([
        list,
        { matrix: { generators: [list, { gitFiles: { repositoryRef, files: ["apps/*/app.json"] }, as: "app" }] } },
      ]);
    });

    for (const [what, generators, spec, said] of [
      [
        "a namespace for each app",
        [folders],
        { destination: { namespace: "{{.path.basename}}" } },
        /makes apps in its own namespace/,
      ],
      [
        "a function in a placeholder",
        [folders],
        { project: "{{ .path.basename | upper }}" },
        /the placeholder \{\{ .path.basename \| upper \}\} has no/,
      ],
      ["pull requests", [{ pullRequest: {} }], {}, /pullRequest.*no OverseerAppSet: has no counterpart/],
      ["clusters", [{ clusters: {} }], {}, /Secrets of another form/],
      ["a field that is not known", [{ list: { elements: [], more: true } }], {}, /more.*is not known to this version/],
    ] as const)
      it(`with ${what} is reported with the reason, beside the Applications that it has made`, () => {
        const result = convert([set(generators, spec), application()]);
        expect(result.manifests.map(({ kind }) => kind)).to.deep.equal(["GitRepository", "OverseerApp"]);
        const findings = result.conversions.at(-1)?.findings ?? [];
        expect(findings.map(({ field, message }) => `${field} ${message}`).join("\n")).to.match(said);
        expect(findings.map(({ level }) => level)).not.to.include("blocked");
      });
  });

  it("tells what an ApplicationSet has made", () => {
    const metadata = { name: "shop", namespace: "argocd", ownerReferences: [{ kind: "ApplicationSet", name: "all" }] };
    const set = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "ApplicationSet",
      metadata: { name: "all", namespace: "argocd" },
    };
    const { conversions } = convert([set, application({}, { metadata })]);
    expect(conversions[0]?.findings.map(({ field }) => field)).to.include("metadata.ownerReferences");
    expect(conversions[1]?.findings[0]?.message).to.match(/^its 1 Applications .*preserveResourcesOnDeletion/);
  });
});
