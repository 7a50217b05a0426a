import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parseFile } from "../../../src/render/parser.js";
import { SourceRenderer } from "../../../src/render/render.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { failureOf, request } from "./support/harness.js";
import { MemorySnapshot } from "./support/memory-snapshot.js";
import { ObjectListRenderer } from "./support/object-list.js";

const read = (path: string): string => readFileSync(join(repositoryRoot(), path), "utf8");

describe("the page on how to add a renderer", () => {
  it("shows code that is compiled here, under the name of another renderer", () => {
    const [, shown] = /```ts\n([\s\S]*?)```/.exec(read("docs/extending/renderers.md")) ?? [];
    const compiled = read("test/unit/render/support/object-list.ts")
      .replaceAll("../../../../src/render/", "../")
      .replace('kind = "plain"', 'kind = "objectList"');
    expect(shown).to.equal(compiled);
  });

  it("shows a renderer that does what the page says", async () => {
    const renderer = new SourceRenderer([
      new ObjectListRenderer(async (files, limits) => files.map((file) => parseFile(file, limits))),
    ]);
    const object = (name: string) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
    const commit = (list: unknown, readme = "") =>
      new MemorySnapshot({ "app/objects.json": JSON.stringify(list), "app/README.md": readme });
    const list = [object("a"), object("b")];
    const { documents } = await renderer.render(request("app"), commit(list));
    expect(documents.map(({ id }) => `${id.namespace}/${id.name}`)).to.deep.equal(["shop/a", "shop/b"]);
    const keyOf = async (snapshot: MemorySnapshot) => (await renderer.locate(request("app"), snapshot)).key;
    expect(await keyOf(commit(list, "new text"))).to.equal(await keyOf(commit(list)));
    expect(await keyOf(commit([object("a")]))).not.to.equal(await keyOf(commit(list)));
    const missing = renderer.render(request("app"), new MemorySnapshot({ "app/README.md": "" }));
    expect((await failureOf(missing)).message).to.contain("app/objects.json: does not exist: add it");
  });
});
