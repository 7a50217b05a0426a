import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { packTar } from "modern-tar";
import { NO_CONFINEMENT } from "../../../../src/child/confinement.js";
import { outsideReference } from "../../../../src/render/helm/values-schema.js";
import type { SourceRenderer } from "../../../../src/render/render.js";
import { configMap, failureOf, request } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";
import { realRenderer } from "../support/programs.js";

type Files = Readonly<Record<string, MemoryFile>>;

const CHART: Files = {
  "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
  "web/values.yaml": "a: 1\nlib: {a: 1}\n",
  "web/templates/x.yaml": configMap("x"),
};
const LIB = { "Chart.yaml": "apiVersion: v2\nname: lib\nversion: 0.1.0\n", "templates/y.yaml": configMap("of-lib") };

/** The machine does not permit to take the network of children away. */
describe("The schema of the values of a chart, without a network namespace", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  let server: Server;
  let folder: string;
  let requests = 0;
  before(async () => {
    renderer = await realRenderer({ confinement: NO_CONFINEMENT });
    server = createServer((_request, response) => {
      requests++;
      response.end('{"type": "array"}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    folder = await mkdtemp(join(tmpdir(), "schema-"));
    await writeFile(join(folder, "outside.json"), '{"type": "array"}');
  });
  after(async () => {
    server?.close();
    await rm(folder, { recursive: true, force: true });
  });
  const render = (files: Files) => renderer.render(request("web"), new MemorySnapshot({ ...CHART, ...files }));
  const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  it("is applied if it refers to nothing outside of itself", async () => {
    const meta = '"$schema": "https://json-schema.org/draft/2020-12/schema"';
    const schema = `{${meta}, "$defs": {"n": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/n"}}}`;
    const error = await failureOf(render({ "web/values.schema.json": schema }));
    expect(error.message).to.contain("at '/a': got number, want string");
    const own = schema.replace("string", "number");
    expect((await render({ "web/values.schema.json": own })).notes).to.deep.equal([]);
  });

  it("reads nothing outside of itself: it is not applied then, and a note says so", async () => {
    const outside = `file://${folder}/outside.json`;
    for (const schema of [
      { allOf: [{ $ref: `${url()}/x` }] },
      { $ref: outside },
      { $ref: outside.slice("file:///".length) },
      { $id: `${url()}/`, properties: { a: { $dynamicRef: "x.json#/y" } } },
      { $schema: `${url()}/x` },
    ]) {
      const text = JSON.stringify(schema).replace('"$', '"\\u0024');
      const { documents, notes } = await render({ "web/values.schema.json": text });
      expect(documents, text).to.have.length(1);
      expect(notes[0]?.origin).to.deep.equal({ file: "web/values.schema.json" });
      expect(notes[0]?.message).to.match(
        /^refers to ".*", which is not read: values are not compared with the schemas/,
      );
    }
    expect(requests).to.equal(0);
  });

  it("reads nothing in charts within the chart, unpacked or in archives", async () => {
    const lib = { ...LIB, "values.schema.json": JSON.stringify({ $ref: `${url()}/x` }) };
    const below = (at: string): Files =>
      Object.fromEntries(Object.entries(lib).map(([path, text]) => [`${at}/${path}`, text]));
    const body = (files: Files) =>
      packTar(
        Object.entries(files).map(([name, text]) => ({
          header: { name, size: (text as string).length },
          body: text as string,
        })),
      );
    const asks = `${CHART["web/Chart.yaml"]}dependencies: [{name: lib, version: 0.x, repository: file://../lib}]\n`;
    const cases: readonly (readonly [string, Files])[] = [
      ["web/charts/lib/values.schema.json", below("web/charts/lib")],
      ["lib/values.schema.json", { "web/Chart.yaml": asks, ...below("lib") }],
      ["web/charts/lib-0.1.0.tgz", { "web/charts/lib-0.1.0.tgz": gzipSync(await body(below("lib"))) }],
    ];
    for (const [file, files] of cases) {
      const { documents, notes } = await render(files);
      expect(documents).to.have.length(2);
      expect(notes.map(({ origin }) => origin)).to.deep.equal([{ file }]);
    }
    expect(requests).to.equal(0);
  });

  it("is looked through however deep it is", () => {
    const deep = 100_000;
    expect(outsideReference(`${'{"a":'.repeat(deep)}{"$ref":"x"}${"}".repeat(deep)}`)).to.equal("x");
    for (const mark of ["\ufeff", "\u00ef\u00bb\u00bf"])
      expect(outsideReference(`${mark}{"$ref":"file:///x"}`), "behind a byte order mark").to.equal("file:///x");
    expect(outsideReference('{"$ref":"x"} y'), "no JSON here, but perhaps to Helm").to.equal("a text that is not JSON");
    expect(outsideReference('{"properties": {"$ref": {"type": "string"}, "x": {"$ref": ""}}}')).to.equal(undefined);
  });
});
