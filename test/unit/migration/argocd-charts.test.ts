import { expect } from "chai";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import { convertArgo } from "../../../src/migration/argocd/convert.js";
import { application } from "./support/fixtures.js";

describe("charts of registries of an Application", () => {
  const chartOf = (source: object): unknown => {
    const object = application({ source: { targetRevision: "1.2.3", ...source } });
    const options = { serviceAccount: "deployer", repository: { namespace: "argocd", name: "values" } };
    const { manifests } = checkResult(convertArgo([object], [], options));
    const app = manifests.find(({ kind }) => kind === "OverseerApp");
    return (app?.spec.source as { helm?: { chart?: unknown } } | undefined)?.helm?.chart;
  };

  it("may have folders before their name in an OCI registry", () => {
    const version = "1.2.3";
    const found = chartOf({ repoURL: "registry.example.com", chart: "charts/databases/mongodb" });
    expect(found).to.deep.equal({
      repository: "oci://registry.example.com/charts/databases",
      name: "mongodb",
      version,
    });
    const plain = chartOf({ repoURL: "registry.example.com/charts/", chart: "mongodb" });
    expect(plain).to.deep.equal({ repository: "oci://registry.example.com/charts", name: "mongodb", version });
    const http = chartOf({ repoURL: "https://charts.example.com", chart: "mongodb" });
    expect(http).to.deep.equal({ repository: "https://charts.example.com", name: "mongodb", version });
  });

  it("are converted in spite of an option that Argo CD does not have", () => {
    const object = application({ syncPolicy: { syncOptions: ["Retry=true"] } });
    const { manifests, conversions } = convertArgo([object], [], {});
    expect(manifests).to.have.lengthOf(2);
    expect(conversions[0]?.findings.map(({ message }) => message).join()).to.include(
      "Retry=true: is no option of Argo CD",
    );
  });
});
