import { expect } from "chai";
import { API_VERSION } from "../../../src/api/group.js";
import { checkManifest } from "../../../src/cli/offline/check-manifest.js";
import type { FoundManifest } from "../../../src/cli/offline/find-apps.js";
import { badSpecs, goodSpecs, withChanges } from "../../behaviour/crd-cases.js";
import { validSpecs } from "../../behaviour/crd-valid-specs.js";

const KINDS: readonly string[] = ["GitRepository", "OverseerApp", "Environment"];

function problemsOf(kind: string, spec: unknown): readonly string[] {
  const object = {
    apiVersion: API_VERSION,
    kind,
    metadata: { name: "web" },
    spec,
  } as unknown as FoundManifest["object"];
  return checkManifest({ file: "", origin: "a.yaml", object });
}

describe("a manifest that is checked without a cluster", () => {
  it("is refused where the API server refuses it, by types and by rules", () => {
    const missed = badSpecs
      .filter(({ kind, update, name }) => KINDS.includes(kind) && update === undefined && name === undefined)
      // Keys of lists are no rules.
      .filter(({ message }) => !message.startsWith("Duplicate value"))
      .filter(({ kind, set }) => problemsOf(kind, withChanges(validSpecs[kind], set)).length === 0)
      .map(({ kind, message, set }) => `${kind}: ${message} ${JSON.stringify(set).slice(0, 120)}`);
    expect(missed).to.deep.equal([]);
  });

  it("is accepted where the API server accepts it", () => {
    for (const { kind, set } of goodSpecs)
      if (KINDS.includes(kind))
        expect(problemsOf(kind, withChanges(validSpecs[kind], set)), JSON.stringify(set)).to.deep.equal([]);
  });

  it("is refused with the message and the field of the API server", () => {
    expect(
      problemsOf("GitRepository", { url: "http://git.example.com/x.git", secretRef: { name: "s" } }),
    ).to.deep.equal([
      "a.yaml: GitRepository web: spec.url: credentials are never sent over http://: use https://, or remove secretRef",
    ]);
  });
});
