import { expect } from "chai";
import { PlainRenderer } from "../../../../src/render/plain.js";
import { SourceRenderer } from "../../../../src/render/render.js";
import { RenderError } from "../../../../src/render/render-error.js";
import { inlineCache, request } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";

const app = (name: string, tag = "1"): string =>
  `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: ${name}}\nspec: {compose: {services: {${name}: {image: 'x:${tag}', env_file: []}}}}\n`;
const POLICY =
  "apiVersion: overseer.io/v1\nkind: Policy\nmetadata: {name: p}\nspec: {placement: {nodeLabels: {disk: ssd}}}\n";

describe("the compilation of a source, with the documents of an earlier commit known", () => {
  const renderer = new SourceRenderer([new PlainRenderer(inlineCache().cache)]);
  const render = async (files: Readonly<Record<string, MemoryFile>>): Promise<unknown> => {
    try {
      const { documents, notes } = await renderer.render(request(""), new MemorySnapshot(files));
      return [documents.map(({ object }) => object), notes];
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      return error.problems;
    }
  };
  const fresh = async (files: Readonly<Record<string, MemoryFile>>): Promise<unknown> => {
    const other = new SourceRenderer([new PlainRenderer(inlineCache().cache)]);
    const { documents, notes } = await other.render(request(""), new MemorySnapshot(files));
    return [documents.map(({ object }) => object), notes];
  };

  it("is the same as without", async () => {
    const commits = [
      { "a.yaml": app("a"), "b.yaml": app("b") },
      { "a.yaml": app("a"), "b.yaml": app("b", "2") },
      { "a.yaml": app("a"), "b.yaml": app("b", "2"), "p.yaml": POLICY },
      { "a.yaml": app("a"), "b.yaml": app("b", "2") },
    ];
    for (const files of commits) expect(await render(files)).to.deep.equal(await fresh(files));
  });

  it("still finds that two apps have the same object", async () => {
    const twice = app("b").replace("{b:", "{a:");
    await render({ "a.yaml": app("a") });
    await render({ "b.yaml": twice });
    const problems = JSON.stringify(await render({ "a.yaml": app("a"), "b.yaml": twice }));
    expect(problems).to.include("the Service a is also that of the app a in the same namespace");
    expect(JSON.stringify(await render({ "a.yaml": app("a"), "b.yaml": twice }))).to.equal(problems);
  });
});
