import { expect } from "chai";
import { inputKeys, type RenderInputs } from "../../../src/render/input-key.js";

describe("inputKeys", () => {
  const inputKey = (one: RenderInputs): string => inputKeys(one).key;
  const sourceKey = (one: RenderInputs): string => inputKeys(one).sourceKey;
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

  it("have a key of the source that an upgrade does not change, and any edit does", () => {
    const steps = (version: number, variables = { A: "1" }) => ({
      substitute: { version, variables, digest: "d" },
      patches: { version, program: `v${version}`, patches: [] },
    });
    const before: RenderInputs = { ...inputs, environment: { program: "v1", cluster: "1.33" }, steps: steps(1) };
    const upgrades: readonly RenderInputs[] = [
      { ...before, version: 3 },
      { ...before, environment: { program: "v2", cluster: "1.33" } },
      { ...before, environment: { program: "v1", cluster: "1.34" } },
      { ...before, steps: steps(2) },
    ];
    expect(new Set([before, ...upgrades].map(inputKey)).size).to.equal(upgrades.length + 1);
    expect(new Set([before, ...upgrades].map(sourceKey)).size).to.equal(1);
    const edits: readonly RenderInputs[] = [
      { ...before, content: { tree: "t2" } },
      { ...before, defaultNamespace: "x" },
      { ...before, env: { A: "1" } },
      { ...before, steps: steps(1, { A: "2" }) },
    ];
    expect(new Set([before, ...edits].map(sourceKey)).size).to.equal(edits.length + 1);
  });
});
