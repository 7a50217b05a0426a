import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { load } from "js-yaml";
import { API_VERSION, GROUP, VERSION } from "../../src/api/group.js";
import { RESOURCES } from "../../src/api/resources.js";
import { checkManifest } from "../../src/cli/offline/check-manifest.js";
import { bundledPackages } from "../../tools/generate/licenses.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { sbomOf } from "../../tools/sbom.js";

const root = repositoryRoot();
/** Licenses that programs under Apache-2.0 may contain. */
const COMPATIBLE = new Set([
  ...["MIT", "MIT-0", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "Unlicense", "CC0-1.0", "Zlib"],
  ...["BlueOak-1.0.0", "PSF-2.0", "Python-2.0"],
]);

describe("dependencies", () => {
  const packages = bundledPackages(root);

  it("have licenses that fit to Apache-2.0", () => {
    const parts = (license = "none"): string[] => license.replace(/[()]/g, "").split(/ (?:AND|OR) /);
    const wrong = packages.filter(({ license }) => !parts(license).every((part) => COMPATIBLE.has(part)));
    expect(wrong).to.deep.equal([]);
    expect(packages.length).to.be.greaterThan(50);
  });

  it("are all in the SBOM that make sbom writes, with hash and license", () => {
    const { components } = sbomOf(packages, "1.0.0") as { components: readonly Record<string, unknown>[] };
    expect(components.map(({ name, version }) => `${String(name)}@${String(version)}`)).to.deep.equal(
      packages.map(({ name, version }) => `${name}@${version}`),
    );
    for (const component of components) expect(component).to.include.all.keys("purl", "licenses", "hashes");
    expect(new Set(components.map(({ purl }) => purl)).size).to.equal(components.length);
  });
});

describe("the metadata of the chart for Artifact Hub", () => {
  it("lists every kind with its definition, and valid examples", async () => {
    const chart = load(await readFile(join(root, "charts/overseer-gitops/Chart.yaml"), "utf8")) as {
      annotations: Record<string, string>;
    };
    const crds = load(chart.annotations["artifacthub.io/crds"] ?? "") as {
      kind: string;
      name: string;
      version: string;
    }[];
    expect(crds.map(({ kind, name, version }) => `${kind} ${name} ${version}`).sort()).to.deep.equal(
      RESOURCES.map(({ kind, plural }) => `${kind} ${plural}.${GROUP} ${VERSION}`).sort(),
    );
    const examples = load(chart.annotations["artifacthub.io/crdsExamples"] ?? "") as Parameters<
      typeof checkManifest
    >[0]["object"][];
    expect(examples.every(({ apiVersion }) => apiVersion === API_VERSION)).to.equal(true);
    expect(examples.flatMap((object) => checkManifest({ file: "", origin: "Chart.yaml", object }))).to.deep.equal([]);
  });
});
