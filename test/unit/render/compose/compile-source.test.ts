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

  it("is refused where a file that it reads is a pointer of Git LFS", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    const of = (compose: string): string =>
      `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: a}\nspec: {compose: ${compose}}\n`;
    const files = (compose: string) => ({ "app.yaml": of(compose), "conf/x.bin": pointer, "conf/y.bin": "y" });
    for (const compose of [
      "{services: {a: {image: x, volumes: ['./conf/x.bin:/x:ro']}}}",
      "{services: {a: {image: x, volumes: ['./conf:/x:ro']}}}",
      "{services: {a: {image: x, env_file: [conf/x.bin]}}}",
      "{services: {a: {image: x, configs: [c]}}, configs: {c: {file: conf/x.bin}}}",
      "{services: {a: {image: x, secrets: [c]}}, secrets: {c: {file: conf/x.bin}}}",
      "{include: [conf/x.bin]}",
    ])
      expect(JSON.stringify(await render(files(compose))), compose).to.match(
        /this is a pointer of Git LFS, .*: take the file out of Git LFS/,
      );
    const beside = await render(files("{services: {a: {image: x, volumes: ['./conf/y.bin:/y:ro']}}}"));
    expect(JSON.stringify(beside)).to.include("y.bin").and.not.include("LFS");
  });

  it("is refused where a manifest is broken that lies in a folder which a service mounts", async () => {
    const web =
      "apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: a}\nspec: {compose: {services: {a: {image: x, volumes: ['.:/app:ro']}}}}\n";
    const map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: db}\ndata: {a: b}\n";
    const settings = { "conf/datasources.yaml": "apiVersion: 1\ndatasources: []\n", "conf/broken.yaml": "a: [\n" };
    const files = (db: string) => ({ "app.yaml": web, "db.yaml": db, ...settings });
    expect(JSON.stringify(await render(files(map)))).to.include('"name":"db"');
    for (const db of [`${map}<<<<<<< HEAD\n`, map.replace("data", "\tdata"), map.replace("name: db", "nome: db")])
      expect(await render(files(db)), db).to.have.nested.property("0.origin.file", "db.yaml");
    const json = { kind: "ConfigMap", apiVersion: "v1", metadata: {} };
    const inJson = { ...files(map), "db.json": JSON.stringify(json, null, 2) };
    expect(await render(inJson)).to.have.nested.property("0.origin.file", "db.json");
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
