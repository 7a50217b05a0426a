import { expect } from "chai";
import type { AppSource } from "../../../../../src/api/inputs.js";
import { sourceTooLarge } from "../../../../../src/controllers/overseer-app/source/source-size.js";

describe("sourceTooLarge", () => {
  const source = (more: Partial<AppSource>): AppSource => ({ repositoryRef: { name: "shop" }, path: ".", ...more });
  const large = "x".repeat(300_000);

  it("accepts what fits", () => {
    expect(sourceTooLarge(source({ helm: { values: { a: large.slice(0, 250_000) } } }))).to.equal(undefined);
  });

  it("names the size, the largest field and a remedy", () => {
    expect(sourceTooLarge(source({ helm: { values: { a: large } }, patches: [{ patch: "x" }] }))).to.equal(
      "spec.source has 300097 bytes, of which spec.source.helm.values has 300008, and may have at most 262144, since it is recorded in the status and in Changes: move values to a file of the repository (helm.valueFiles) or to a ConfigMap (helm.valuesFrom)",
    );
    const patches = Array.from({ length: 10 }, () => ({ patch: large.slice(0, 60_000) }));
    expect(sourceTooLarge(source({ patches }))).to.include("spec.source.patches has 600");
  });
});
