import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import { convertFlux } from "../../../src/migration/flux/convert.js";
import { selectionOf } from "../../../src/migration/flux/source-ignore.js";
import { compileGlobs } from "../../../src/render/glob.js";
import { flux } from "./support/fixtures.js";

/** The example of the documentation of Flux. */
const DEPLOY =
  "# exclude all\n/*\n# include deploy dir\n!/deploy\n# exclude parts of it\n/deploy/**/*.md\n/deploy/test/\n";

describe("patterns of a GitRepository of Flux", () => {
  const CASES: readonly (readonly [string, string, object | string])[] = [
    ["", ".", { exclude: [] }],
    [DEPLOY, "deploy", { exclude: ["test/*"] }],
    [DEPLOY, ".", { include: ["deploy"], exclude: ["deploy/test/*"] }],
    [DEPLOY, "deploy/web", { exclude: [] }],
    [DEPLOY, "deploy/test", "exclude the whole path deploy/test"],
    [DEPLOY, "other", "exclude the whole path other"],
    ["test.yaml", "apps", { exclude: ["**/test.yaml"] }],
    ["*-secret.yaml\nREADME.md", ".", { exclude: ["**/*-secret.yaml"] }],
    ["secrets/", "apps/secrets/prod", "exclude the whole path"],
    ["/apps/*/test", "./apps/web/", { exclude: ["test"] }],
    ["/apps/**/test/*.yaml", "apps/web", { exclude: ["**/test/*.yaml"] }],
    ["apps/**", "apps/web", "exclude the whole path"],
    ["**/old", "apps/old", "exclude the whole path"],
    ["/clusters", "apps", { exclude: [] }],
    ["*", "apps", "exclude the whole path"],
    ["**", "apps", "exclude the whole path"],
    ["/**", "apps", { exclude: [] }],
    ["**.yaml", ".", { exclude: ["**/*.yaml"] }],
    ["**/*/test", ".", "means the first folder only after **"],
    ["*/", ".", { exclude: ["**/*/*"] }],
    ["!keep.yaml", ".", { exclude: [] }],
    ["*.yaml\n!keep.yaml", ".", "the pattern !keep.yaml takes back a part"],
    ["v[12].yaml", ".", "the pattern v[12].yaml has no equal glob"],
    ["/docs/{a,b}", "apps", "has no equal glob"],
  ];
  for (const [ignore, path, expected] of CASES)
    it(`${JSON.stringify(ignore)} at ${path}`, () => {
      const found = selectionOf(ignore, path);
      if (typeof expected === "string") expect(found).to.be.a("string").and.include(expected);
      else expect(found).to.deep.equal(expected);
      if (typeof found !== "string") compileGlobs("source.exclude", [...(found.include ?? []), ...found.exclude]);
    });
});

describe("the import of a GitRepository that excludes files", () => {
  const repository = (spec: object) =>
    flux("GitRepository", "fleet", { url: "https://git.example.com/fleet", ref: { branch: "main" }, ...spec });
  const sourceRef = { kind: "GitRepository", name: "fleet" };
  const kustomization = (path: string) => flux("Kustomization", "apps", { path, sourceRef, prune: true });
  const release = flux("HelmRelease", "web", { chart: { spec: { chart: "./charts/web", sourceRef } } });
  const imported = (spec: object, object = kustomization("./deploy")) => {
    const { manifests, conversions } = checkResult(
      convertFlux([repository(spec), object], { serviceAccount: "deployer" }),
    );
    const findings = conversions.find(({ kind }) => kind === object.kind)?.findings ?? [];
    return {
      source: manifests.find(({ kind }) => kind === "OverseerApp")?.spec.source as Record<string, unknown> | undefined,
      reports: findings.map(({ level, field, message }) => `${level} ${field} ${message}`).join("\n"),
    };
  };

  it("excludes them from each app that reads the repository, and says so", () => {
    const { source, reports } = imported({ ignore: DEPLOY });
    expect(source).to.deep.include({ path: "deploy", exclude: ["test/*"] });
    expect(reports).to.include(
      "difference spec.sourceRef spec.ignore of GitRepository flux-system/fleet becomes source.exclude",
    );
    const root = imported({ ignore: DEPLOY }, kustomization("./"));
    expect(root.source).to.deep.include({ include: ["deploy"], exclude: ["deploy/test/*"] });
  });

  it("does not convert an app whose files cannot be excluded, and says what to do", () => {
    const { source, reports } = imported({ ignore: "*.yaml\n!web.yaml" });
    expect(source).to.equal(undefined);
    expect(reports).to.match(/^blocked spec\.sourceRef .*the pattern !web\.yaml .*Write .*spec\.ignore/m);
  });

  it("reads what a sparse checkout has", () => {
    expect(imported({ sparseCheckout: ["deploy", "charts"] }).source).to.not.have.property("include");
    const root = imported({ sparseCheckout: ["deploy/web", "charts"] });
    expect(root.source).to.deep.include({ path: "deploy", include: ["web"] });
    const { source, reports } = imported({ sparseCheckout: ["charts"] });
    expect(source).to.equal(undefined);
    expect(reports).to.match(/^blocked spec\.sourceRef .*spec\.sparseCheckout .*whole path deploy/m);
  });

  it("does not convert a chart of which files are excluded", () => {
    expect(imported({ ignore: "/deploy\nREADME.md" }, release).source).to.deep.include({ path: "charts/web" });
    const { source, reports } = imported({ ignore: "/charts/web/templates/test.yaml" }, release);
    expect(source).to.equal(undefined);
    expect(reports).to.match(/^blocked spec\.chart\.spec\.sourceRef .*templates\/test\.yaml.*\.helmignore/m);
  });
});
