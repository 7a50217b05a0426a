import { readFileSync } from "node:fs";
import { expect } from "chai";
import { canonicalJson } from "../../../src/base/hash.js";
import { ManifestError } from "../../../src/manifest/manifest-error.js";
import { parseManifests } from "../../../src/manifest/yaml/parse.js";
import {
  GENERATED_VECTORS_FILE,
  type GeneratedVectors,
  generatedTexts,
  KEPT_TEXTS,
  KEPT_TEXTS_DIGEST,
} from "./generated-vectors.js";
import { hasGo, type Reading, readAsKubectl } from "./kubectl-yaml.js";

function ourReading(yaml: string): Reading {
  try {
    return canonicalJson(parseManifests(yaml, "file.yaml").map(({ object }) => object));
  } catch (error) {
    if (error instanceof ManifestError) return null;
    throw error;
  }
}

/** A key that stands twice, which kubectl takes, is meant to be refused. */
function isMeantToBeRefused(yaml: string): boolean {
  try {
    parseManifests(yaml, "file.yaml");
    return false;
  } catch (error) {
    return error instanceof ManifestError && error.message.includes("duplicated mapping key");
  }
}

/** Texts that kubectl reads and we do not, or not so. What it refuses we may read. */
function disagreements(texts: readonly string[], readings: readonly Reading[]): unknown[] {
  return texts.flatMap((yaml, index) => {
    const kubectl = readings[index] ?? null;
    const ours = ourReading(yaml);
    return kubectl === null || ours === kubectl || isMeantToBeRefused(yaml) ? [] : [{ yaml, kubectl, ours }];
  });
}

describe("generated YAML is read as kubectl reads it", () => {
  const vectors = JSON.parse(readFileSync(GENERATED_VECTORS_FILE, "utf8")) as GeneratedVectors;

  it("in all texts whose readings are kept", () => {
    expect(vectors.texts, "the generator has changed: run make yaml-vectors").to.equal(KEPT_TEXTS_DIGEST);
    expect(disagreements(KEPT_TEXTS, vectors.readings).slice(0, 3)).to.deep.equal([]);
  });

  it("and most texts are read by both", () => {
    expect(vectors.readings.filter((reading) => reading !== null).length).to.be.above(KEPT_TEXTS.length / 2);
  });

  if (hasGo()) {
    it("in many more, with the code that kubectl is built from", async () => {
      const texts = [...KEPT_TEXTS, ...generatedTexts(3_000, 2)];
      const readings = await readAsKubectl(texts);
      expect(readings.slice(0, KEPT_TEXTS.length)).to.deep.equal(vectors.readings);
      expect(disagreements(texts, readings).slice(0, 3)).to.deep.equal([]);
    }).timeout(120_000);
  }
});
