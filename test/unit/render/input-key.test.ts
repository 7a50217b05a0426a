import { expect } from "chai";
import { inputKey, type RenderInputs } from "../../../src/render/input-key.js";

describe("inputKey", () => {
  const inputs: RenderInputs = { tree: "t1", source: { path: "apps/shop" }, defaultNamespace: "shop" };

  it("is 32 hex digits, and the same for the same inputs", () => {
    expect(inputKey(inputs)).to.match(/^[0-9a-f]{32}$/);
    expect(
      inputKey({ defaultNamespace: "shop", source: { exclude: [], path: "apps/shop", include: [] }, tree: "t1" }),
    ).to.equal(inputKey(inputs));
  });

  it("is another for any other input", () => {
    const others: readonly [RenderInputs, number?][] = [
      [{ ...inputs, tree: "t2" }],
      [{ ...inputs, defaultNamespace: "x" }],
      [{ ...inputs, source: { path: "apps" } }],
      [{ ...inputs, source: { path: "apps/shop", include: ["a"] } }],
      [{ ...inputs, source: { path: "apps/shop", exclude: ["a"] } }],
      [{ ...inputs, source: { path: "apps/shop", exclude: ["a", "b"] } }],
      [inputs, 999],
    ];
    const keys = others.map(([other, version]) => inputKey(other, version));
    expect(new Set([inputKey(inputs), ...keys]).size).to.equal(others.length + 1);
  });
});
