import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import type { InputObject } from "../../../src/migration/conversion.js";
import { convertFlux } from "../../../src/migration/flux/convert.js";
import { flux, REPOSITORY } from "./support/fixtures.js";

const IN_GIT = { chart: "./charts/web", sourceRef: { kind: "GitRepository", name: "fleet" } };
const IN_REGISTRY = { chart: "web", version: "1.2.3", sourceRef: { kind: "HelmRepository", name: "charts" } };
const REGISTRY: InputObject = flux("HelmRepository", "charts", { url: "https://charts.example.com" });

/** The Helm settings of the app of a HelmRelease, and what is reported about it. */
function imported(chart: object, more: object = {}) {
  const object = flux("HelmRelease", "web", { chart: { spec: chart }, ...more });
  const options = { serviceAccount: "deployer", repository: { namespace: "flux-system", name: "fleet" } };
  const { manifests, conversions } = checkResult(convertFlux([REPOSITORY, REGISTRY, object], options));
  const findings = conversions.find(({ kind }) => kind === "HelmRelease")?.findings ?? [];
  return {
    helm: (manifests.find(({ kind }) => kind === "OverseerApp")?.spec.source as { helm?: object } | undefined)?.helm as
      | { valueFiles?: string[]; skipCrds?: boolean; chart?: object }
      | undefined,
    reports: findings.map(({ level, field, message }) => `${level} ${field} ${message}`),
  };
}

describe("values files of a HelmRelease", () => {
  const about = (reports: readonly string[]): string | undefined =>
    reports.find((report) => report.includes("spec.chart.spec.valuesFiles"));

  it("need no remark where the chart's own are the first of them", () => {
    const valuesFiles = ["./charts/web/values.yaml", "/env/prod.yaml"];
    const { helm, reports } = imported({ ...IN_GIT, valuesFiles });
    expect(helm?.valueFiles).to.deep.equal(["../../env/prod.yaml"]);
    expect(about(reports)).to.equal(undefined);
  });

  it("keep their order where the chart's own are a later one", () => {
    const valuesFiles = ["env/prod.yaml", "charts/web/values.yaml"];
    expect(imported({ ...IN_GIT, valuesFiles }).helm?.valueFiles).to.deep.equal(["../../env/prod.yaml", "values.yaml"]);
  });

  it("replace the chart's own with Flux and not here, which the report says with a way out", () => {
    const { helm, reports } = imported({ ...IN_GIT, valuesFiles: ["env/prod.yaml"] });
    expect(helm?.valueFiles).to.deep.equal(["../../env/prod.yaml"]);
    expect(about(reports))
      .to.match(/^manual /)
      .and.include("charts/web/values.yaml")
      .and.include("set each of them to null in source.helm.values");
  });

  it("of an archive are named, but for its own", () => {
    expect(imported({ ...IN_REGISTRY, valuesFiles: ["values.yaml"] }).helm?.chart).to.include({ name: "web" });
    const { helm, reports } = imported({ ...IN_REGISTRY, valuesFiles: ["values.yaml", "values-prod.yaml"] });
    expect(helm).to.equal(undefined);
    expect(about(reports)).to.match(/^blocked .*values-prod\.yaml.* in the archive of the chart: commit/);
  });

  it("may be missing where Flux ignores that", () => {
    const chart = { ...IN_GIT, valuesFiles: ["charts/web/values.yaml", "b.yaml"], ignoreMissingValuesFiles: true };
    expect(imported(chart).helm).to.include({ ignoreMissingValueFiles: true });
  });
});

describe("metadata and health of a HelmRelease", () => {
  it("are those of the app", () => {
    const healthCheckExprs = [{ apiVersion: "a.example.com/v1", kind: "Thing", current: "status.ready" }];
    const commonMetadata = { labels: { team: "shop" }, annotations: { owner: "shop" } };
    const object = flux("HelmRelease", "web", { chart: { spec: IN_GIT }, healthCheckExprs, commonMetadata });
    const { manifests } = checkResult(convertFlux([REPOSITORY, object], { serviceAccount: "deployer" }));
    const app = manifests.find(({ kind }) => kind === "OverseerApp");
    expect(app?.spec.source).to.deep.include({ commonMetadata });
    expect(app?.spec.health).to.deep.equal({ expressions: healthCheckExprs });
  });
});

describe("definitions of the chart of a HelmRelease", () => {
  const CASES: readonly (readonly [string, object, boolean, boolean])[] = [
    ["the defaults of Flux", {}, false, true],
    ["upgrade.crds: Skip", { upgrade: { crds: "Skip" } }, false, true],
    ["upgrade.crds: Create", { upgrade: { crds: "Create" } }, false, true],
    ["upgrade.crds: CreateReplace", { upgrade: { crds: "CreateReplace" } }, false, false],
    ["install.crds: Create", { install: { crds: "Create" }, upgrade: {} }, false, true],
    ["install.crds: CreateReplace alone", { install: { crds: "CreateReplace" } }, false, true],
    ["install.crds: Skip", { install: { crds: "Skip" } }, true, false],
    ["both: Skip", { install: { crds: "Skip" }, upgrade: { crds: "Skip" } }, true, false],
    ["skipCRDs", { install: { skipCRDs: true } }, true, false],
    ["Skip, and CreateReplace", { install: { crds: "Skip" }, upgrade: { crds: "CreateReplace" } }, false, false],
  ];
  for (const [what, spec, isSkipped, isReported] of CASES)
    it(`are ${isSkipped ? "skipped" : "applied"} with ${what}${isReported ? ", and the report says that existing ones are updated" : ""}`, () => {
      const { helm, reports } = imported(IN_GIT, spec);
      expect(helm?.skipCrds ?? false).to.equal(isSkipped);
      const report = reports.filter((one) => one.includes("spec.upgrade.crds"));
      expect(report.length > 0).to.equal(isReported);
      if (isReported)
        expect(report.join())
          .to.match(/^difference /)
          .and.include("Flux leaves those that exist as they are")
          .and.include("skipCrds: true");
    });
});
