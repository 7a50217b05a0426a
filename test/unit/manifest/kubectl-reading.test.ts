import { readFileSync } from "node:fs";
import { expect } from "chai";
import { ManifestError } from "../../../src/manifest/manifest-error.js";
import { parseManifests } from "../../../src/manifest/yaml/parse.js";
import { KUBECTL_CASES } from "./kubectl-cases.js";
import { type KubectlVectors, VECTORS_FILE } from "./kubectl-vectors.js";

const { kubectl, readings } = JSON.parse(readFileSync(VECTORS_FILE, "utf8")) as KubectlVectors;

function ourReading(yaml: string): unknown {
  try {
    return parseManifests(yaml, "file.yaml").map(({ object }) => JSON.parse(JSON.stringify(object)));
  } catch (error) {
    if (error instanceof ManifestError) return "refused";
    throw error;
  }
}

describe(`manifests are read as kubectl ${kubectl} reads them`, () => {
  for (const { name, yaml, differs } of KUBECTL_CASES) {
    if (differs === undefined) {
      it(name, () => {
        expect(ourReading(yaml)).to.deep.equal(readings[name]);
      });
    } else {
      it(`${name} (meant to differ: ${differs})`, () => {
        const ours = ourReading(yaml);
        expect(ours).to.not.deep.equal(readings[name]);
        if (differs === "refused") expect(ours).to.equal("refused");
        else expect(ours).to.be.an("array").that.is.not.empty;
      });
    }
  }

  it("has a vector for every case and no other", () => {
    expect(Object.keys(readings)).to.deep.equal(KUBECTL_CASES.map(({ name }) => name));
  });
});
