import { expect } from "chai";
import { inputKey, type RenderInputs } from "../../../src/render/input-key.js";

describe("inputKey", () => {
  const inputs: RenderInputs = {
    content: { tree: "t1" },
    version: 2,
    source: { path: "apps/shop" },
    defaultNamespace: "shop",
  };

  it("is 32 hex digits, and the same for the same inputs", () => {
    expect(inputKey(inputs)).to.match(/^[0-9a-f]{32}$/);
    expect(
      inputKey({
        defaultNamespace: "shop",
        version: 2,
        source: { exclude: [], path: "apps/shop", include: [] },
        content: { tree: "t1" },
      }),
    ).to.equal(inputKey(inputs));
  });

  it("is the same whether defaults are written or not, and in whatever order variables are", () => {
    expect(inputKey({ ...inputs, target: "kubernetes", env: {} })).to.equal(inputKey(inputs));
    const [one, other] = [
      { A: "1", B: "2" },
      { B: "2", A: "1" },
    ];
    expect(inputKey({ ...inputs, env: one })).to.equal(inputKey({ ...inputs, env: other }));
  });

  it("is what it was before there were targets, for the same version of the renderer", () => {
    expect(inputKey({ ...inputs, version: 1 })).to.equal("ae5ab4325ec6a8dfbf42a3ea146e10a6");
  });

  it("is another for any other input", () => {
    const others: readonly RenderInputs[] = [
      { ...inputs, content: { tree: "t2" } },
      { ...inputs, defaultNamespace: "x" },
      { ...inputs, source: { path: "apps" } },
      { ...inputs, source: { path: "apps/shop", include: ["a"] } },
      { ...inputs, source: { path: "apps/shop", exclude: ["a"] } },
      { ...inputs, source: { path: "apps/shop", exclude: ["a", "b"] } },
      { ...inputs, target: "overseer" },
      { ...inputs, target: "overseer", env: { A: "1" } },
      { ...inputs, target: "overseer", env: { A: "2" } },
      { ...inputs, target: "overseer", env: { B: "1" } },
      { ...inputs, version: 999 },
    ];
    const keys = others.map(inputKey);
    expect(new Set([inputKey(inputs), ...keys]).size).to.equal(others.length + 1);
  });
});
