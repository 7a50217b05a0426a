import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { NO_CONFINEMENT } from "../../../../src/child/confinement.js";
import type { SourceRenderer } from "../../../../src/render/render.js";
import type { RenderError } from "../../../../src/render/render-error.js";
import { configMap, failureOf, request } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";
import { realRenderer } from "../support/programs.js";

type Files = Readonly<Record<string, MemoryFile>>;

/** The machine does not permit to take the network of children away. */
describe("Kustomize sources, without a network namespace", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  let server: Server;
  let url: string;
  let requests = 0;
  before(async () => {
    renderer = await realRenderer({ confinement: NO_CONFINEMENT });
    server = createServer((_request, response) => {
      requests++;
      response.end(configMap("fetched"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server?.close());

  const generator = (file: string, key = "files"): string =>
    `apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: { name: x }\n${key}: ["r=${file}"]\n`;
  const PLUGINS = (file: string): Files => ({ "plugins/cm.yaml": generator(file) });
  /** The kustomization, or all files. */
  const cases: readonly (readonly [string, (url: string) => string | Files, RegExp])[] = [
    [
      "a generator inline",
      (at) => `generators: [${JSON.stringify(generator(`${at}/a`))}]`,
      /is not in this repository/,
    ],
    [
      "a field in capitals",
      (at) => `ConfigMapGenerator: [{ name: x, files: ["r=${at}/a"] }]`,
      /write configMapGenerator/,
    ],
    ["a field with the sign ſ", (at) => `reſources: ["${at}/a.yaml"]`, /write resources/],
    [
      "a field of an item in capitals",
      (at) => `configMapGenerator: [{ name: x, Files: ["r=${at}/a"] }]`,
      /write files/,
    ],
    ["an address with a colon and a space", (at) => `crds: ["${at}/a: b"]`, /is not in this repository/],
    ["an address as inline patch", (at) => `patchesStrategicMerge: ["${at}/{a}"]`, /is not in this repository/],
    [
      "an address that is a file",
      (at) => ({
        "kustomization.yaml": `resources: ["${at}/a.yaml"]`,
        [`${at.replace("//", "/")}/a.yaml`]: configMap("a"),
      }),
      /allowRemoteBases|is not in this repository/,
    ],
    [
      "a folder of plugins",
      (at) => ({
        "kustomization.yaml": "generators: [plugins]",
        "plugins/kustomization.yaml": "resources: [cm.yaml]",
        ...PLUGINS(`${at}/a`),
      }),
      /cm\.yaml" names "http/,
    ],
    [
      "a folder of plugins that patches them",
      (at) => ({
        "kustomization.yaml": "generators: [plugins]",
        "plugins/kustomization.yaml": `resources: [cm.yaml]\npatches: [{ patch: ${JSON.stringify(generator(`${at}/a`))} }]`,
        ...PLUGINS("../readme.md"),
        "readme.md": "x",
      }),
      /plugins\/kustomization\.yaml:2: patches: .* may have resources only/,
    ],
    [
      "a plugin whose field is in capitals",
      (at) => `generators: [${JSON.stringify(generator(`${at}/a`, "FILES"))}]`,
      /not in/,
    ],
    [
      "a plugin that only Kustomize can read",
      (at) => `generators: [${JSON.stringify(`${generator(`${at}/a`)}x: 99999999999999999999999\n`)}]`,
      /^kustomization\.yaml:1: "kustomization\.yaml": a whole number beyond 64 bits/,
    ],
    [
      "a plugin with an encrypted path",
      () =>
        `generators: [${JSON.stringify(generator("").replace("r=", "ENC[AES256_GCM,data:eA==,iv:eA==,tag:eA==,type:str]"))}]`,
      /names "ENC.* is not in this repository/,
    ],
  ];
  for (const [what, filesOf, reason] of cases)
    it(`fetch nothing: ${what}`, async () => {
      const given = filesOf(url);
      const files = typeof given === "string" ? { "kustomization.yaml": given } : given;
      const wanted = { ...request("."), source: { path: ".", kustomize: {} } };
      const error = await failureOf(renderer.render(wanted, new MemorySnapshot(files)));
      expect(error.message).to.match(reason);
      expect(requests).to.equal(0);
    });

  it("take configurations of plugins from folders that have resources only", async () => {
    const files = {
      "kustomization.yaml": "resources: [cm.yaml]\ntransformers: [plugins]\n",
      "cm.yaml": configMap("a"),
      "plugins/kustomization.yaml": "resources: [prefix.yaml]\n",
      "plugins/prefix.yaml":
        "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: { name: p }\nprefix: x-\nfieldSpecs: [{ path: metadata/name }]\n",
    };
    const wanted = { ...request("."), source: { path: ".", kustomize: {} } };
    const { documents } = await renderer.render(wanted, new MemorySnapshot(files));
    expect(documents.map(({ object }) => object.metadata.name)).to.deep.equal(["x-a"]);
  });

  it("share the thread while very many files are followed", async () => {
    const files = {
      "kustomization.yaml": `resources:\n${"- cm.yaml\n".repeat(40_000)}- nowhere.yaml\n`,
      "cm.yaml": configMap("a"),
    };
    let turns = 0;
    const count = (): void => {
      turns++;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    const wanted = { ...request("."), source: { path: ".", kustomize: {} } };
    const error = await failureOf(renderer.render(wanted, new MemorySnapshot(files)));
    clearImmediate(next);
    expect(error.message).to.contain('kustomization.yaml:40002: "nowhere.yaml" does not exist');
    expect(turns).to.be.above(4);
  });

  it("report the first problems of very many at once", async () => {
    const files = { "kustomization.yaml": `resources:\n${"- nowhere.yaml\n".repeat(60_000)}` };
    const wanted = { ...request("."), source: { path: ".", kustomize: {} } };
    const error = (await failureOf(renderer.render(wanted, new MemorySnapshot(files)))) as RenderError;
    expect(error.problems.length).to.equal(51);
  });
});
