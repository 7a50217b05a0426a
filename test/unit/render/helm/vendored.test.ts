import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { packTar } from "modern-tar";
import { DEFAULT_RENDER_LIMITS } from "../../../../src/render/limits.js";
import type { SourceRenderer } from "../../../../src/render/render.js";
import type { RenderError } from "../../../../src/render/render-error.js";
import { failureOf, fromCluster, request } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";
import { realRenderer } from "../support/programs.js";

type Files = Readonly<Record<string, MemoryFile>>;

const OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";

/** A packed chart. */
async function packed(files: Readonly<Record<string, string | Uint8Array>>): Promise<Uint8Array> {
  const entries = Object.entries(files).map(([name, body]) => ({ header: { name, size: body.length }, body }));
  return gzipSync(await packTar(entries));
}

describe("What a chart has in its folder", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  before(async () => {
    renderer = await realRenderer();
  });
  const render = async (files: Files) => renderer.render(request("web", { name: "web" }), new MemorySnapshot(files));
  const problem = async (files: Files): Promise<string> => (await failureOf(render(files))).message;

  const chart = (repository: string, wanted = ">=0.1.0"): Files => ({
    "web/Chart.yaml": `apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: lib, version: "${wanted}", repository: "${repository}"}]\n`,
  });
  const lock = (version: string): Files => ({
    "web/Chart.lock": `dependencies:\n- {name: lib, version: ${version}}\n`,
  });
  const lib = (folder: string): Files => ({
    [`${folder}/Chart.yaml`]: "apiVersion: v2\nname: lib\nversion: 0.1.0\n",
    [`${folder}/templates/x.yaml`]: OBJECT,
  });

  for (const [name, files, folder] of [
    ["unpacked in charts/", { ...chart("https://charts.example.com"), ...lib("web/charts/lib") }, "web/charts/lib"],
    ["a folder of the repository", { ...chart("file://../lib"), ...lib("lib") }, "lib"],
  ] as const) {
    it(`is refused where a dependency, ${name}, has another version than Chart.lock`, async () => {
      expect((await render({ ...files, ...lock("0.1.0") })).documents).to.have.length(1);
      expect(await problem({ ...files, ...lock("0.3.0") })).to.contain(
        `web/Chart.lock:2: Chart.lock names lib 0.3.0, and "${folder}" holds lib 0.1.0: run helm dependency update`,
      );
    });
  }

  for (const [wanted, version, accepted] of [
    ["^2.0.0", "0.1.0", false],
    ["~0.1", "0.1.0", true],
    ["", "0.1.0", true],
    [">=0.1.0-0, <2", "0.2.0-rc.1", true],
    ["^0.1.0-beta", "0.2.0-rc.1", true],
    [">=0.1.0", "0.2.0-rc.1", false],
    ["1.x || 0.1.x", "v0.1.0", true],
  ] as const) {
    const does = accepted ? "is taken" : "is refused";
    it(`${does} where Chart.yaml asks for ${wanted || "any version"}, and a dependency is ${version}`, async () => {
      const at = (folder: string): Files => ({
        ...lib(folder),
        [`${folder}/Chart.yaml`]: `apiVersion: v2\nname: lib\nversion: ${version}\n`,
      });
      for (const [files, folder, remedy] of [
        [{ ...chart("file://../lib", wanted), ...at("lib") }, "lib", "correct one of the two versions"],
        [
          { ...chart("https://charts.example.com", wanted), ...at("web/charts/lib") },
          "web/charts/lib",
          "run helm dependency update and commit the result",
        ],
      ] as const) {
        if (accepted) expect((await render(files)).documents).to.have.length(1);
        else
          expect(await problem(files)).to.contain(
            `web/Chart.yaml:4: Chart.yaml asks for lib ${wanted}, and "${folder}" holds lib ${version}: ${remedy}`,
          );
      }
    });
  }

  it("may have any version that a range in Chart.lock admits", async () => {
    const locked = (range: string): Files => ({
      ...{ ...chart("", range), ...lib("web/charts/lib") },
      "web/Chart.lock": `dependencies:\n- {name: lib, version: "${range}", repository: ""}\n`,
    });
    for (const range of ["*.*.*", ">=0.1.0"]) expect((await render(locked(range))).documents, range).to.have.length(1);
    expect(await problem(locked(">=1.0.0"))).to.contain("Chart.lock names lib >=1.0.0");
  });

  it("is compared with each entry of Chart.lock, also of a dependency that has several", async () => {
    const files = {
      "web/Chart.yaml":
        'apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- {name: lib, version: 0.x, repository: "file://../lib"}\n- {name: lib, version: 0.x, alias: other, repository: "file://../lib"}\n',
      ...lib("lib"),
      "lib/templates/x.yaml": OBJECT.replace("x}", '"{{ .Chart.Name }}"}'),
    };
    const locked = (second: string): Files => ({
      "web/Chart.lock": `dependencies:\n- {name: lib, version: 0.1.0}\n- {name: lib, version: ${second}}\n`,
    });
    const { documents } = await render({ ...files, ...locked("0.1.0") });
    expect(documents.map(({ object, origin }) => [object.metadata.name, origin.file])).to.deep.equal([
      ["lib", "lib/templates/x.yaml"],
      ["other", "lib/templates/x.yaml"],
    ]);
    expect(await problem({ ...files, ...locked("0.2.0") })).to.contain(
      'web/Chart.lock:3: Chart.lock names lib 0.2.0, and "lib" holds lib 0.1.0: run helm dependency update',
    );
  });

  it("follows links of a dependency, and refuses those that lead out of the repository", async () => {
    const files = { ...chart("file://../lib"), ...lib("lib"), "shared/y.yaml": OBJECT.replace("x}", "second}") };
    const linked = async (link: string) => ({ ...files, "lib/templates/y.yaml": { link } });
    const found = await render(await linked("../../shared/y.yaml"));
    expect(found.documents.map(({ object, origin }) => [object.metadata.name, origin.file])).to.deep.equal([
      ["second", "lib/templates/y.yaml"],
      ["x", "lib/templates/x.yaml"],
    ]);
    expect(await problem(await linked("../nowhere.yaml"))).to.contain(
      'lib/templates/y.yaml:1: the symbolic link leads to "lib/nowhere.yaml", which does not exist',
    );
    expect(await problem(await linked("../../../etc/y.yaml"))).to.contain(
      "lib/templates/y.yaml:1: the symbolic link leads out of the repository",
    );
    const icon = { ...files, "lib/icon.png": { link: "nowhere.png" } };
    expect((await render(icon)).documents).to.have.length(1);
  });

  it("gives notes about random values that it renders as templates, with the place of the value", async () => {
    const template = `${OBJECT}data: {a: {{ tpl (.Values.a | toString) . | quote }}}\n`;
    const random = 'a: "{{ randAlphaNum 8 }}"\n';
    const files = {
      "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
      "web/values.yaml": `# {{ now }}\n${random}`,
      "web/templates/x.yaml": template,
      "prod.yaml": random,
    };
    const notes = async (from: Files, helm?: object): Promise<string[]> => {
      const wanted = request("web", { name: "web" });
      const result = await renderer.render(
        { ...wanted, source: { ...wanted.source, ...(helm === undefined ? {} : { helm }) } },
        new MemorySnapshot(from),
      );
      return result.notes.map(
        ({ origin, message }) => `${origin?.file ?? "-"}: ${message}`.split(" or the time")[0] ?? "",
      );
    };
    expect(await notes(files)).to.deep.equal(["web/values.yaml: uses a random function"]);
    const none = { ...files, "web/values.yaml": "# {{ now }}\na: 1\n" };
    expect(await notes(none)).to.deep.equal([]);
    expect(await notes(none, { valueFiles: ["../prod.yaml"] })).to.deep.equal(["prod.yaml: uses a random function"]);
    expect(await notes(none, { values: { a: "{{ randAlphaNum 8 }}" } })).to.deep.equal([
      "-: source.helm.values uses a random function",
    ]);
    expect(await notes(none, { parameters: [{ name: "a", value: "at {{ now }}" }] })).to.deep.equal([
      "-: source.helm.parameters: a uses a random function",
    ]);
    const plain = { ...files, "web/templates/x.yaml": `${OBJECT}data: {a: {{ .Values.a | quote }}}\n` };
    expect(await notes(plain)).to.deep.equal([]);
    const ofLibrary = { ...none, ...chart("file://../lib"), ...lib("lib"), "lib/templates/x.yaml": "# {{ now }}\n" };
    expect(await notes(ofLibrary)).to.deep.equal(["lib/templates/x.yaml: uses a random function"]);
    const readsFile = `${OBJECT}data: {a: {{ tpl (.Files.Get "conf/a.txt") . | quote }}}\n`;
    const ofFiles = {
      ...none,
      "web/templates/x.yaml": readsFile,
      "web/conf/a.txt": "{{ now }}",
      "web/README.md": "{{ now }}",
    };
    expect(await notes(ofFiles)).to.deep.equal(["web/conf/a.txt: uses a random function"]);
    expect(await notes({ ...ofFiles, "web/templates/x.yaml": readsFile.replace("tpl (", "print (") })).to.deep.equal(
      [],
    );
  });

  it("is refused by file and line where values or a Chart.yaml are no YAML or no object", async () => {
    const broken = "a: 1\n b: [\n";
    const files: Files = { ...chart("https://charts.example.com"), ...lib("web/charts/lib") };
    const mapping = "the file is not valid YAML: mapping values are not allowed in this context";
    for (const [path, text, said] of [
      ["web/values.yaml", broken, `web/values.yaml:2: ${mapping}`],
      ["web/values.yaml", "- a\n", "web/values.yaml: the file has to hold an object, but holds a list"],
      ["web/charts/lib/values.yaml", broken, `web/charts/lib/values.yaml:2: ${mapping}`],
      ["prod values.yaml", broken, `prod values.yaml:2: ${mapping}`],
      ["prod values.yaml", "text\n", "prod values.yaml: the file has to hold an object, but holds text"],
    ] as const) {
      const wanted = request("web", { name: "web" });
      const helm = path.startsWith("prod") ? { valueFiles: ["../prod values.yaml"] } : {};
      const work = renderer.render(
        { ...wanted, source: { ...wanted.source, helm } },
        new MemorySnapshot({ ...files, [path]: text }),
      );
      expect((await failureOf(work)).message).to.equal(said);
    }
    const ofLibrary = { ...chart("file://../lib"), ...lib("lib"), "lib/values.yaml": broken };
    expect(await problem(ofLibrary)).to.equal(`lib/values.yaml:2: ${mapping}`);
    const work = renderer.render(request("web", { name: "web", ...fromCluster([broken]) }), new MemorySnapshot(files));
    expect((await failureOf(work)).message).to.equal(
      "source.helm.valuesFrom[0] is not valid YAML: mapping values are not allowed in this context (line 2)",
    );
  });

  it("is refused where a submodule stands in place of files that count", async () => {
    const own: Files = {
      "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
      "web/templates/x.yaml": OBJECT,
    };
    const says = ":1: submodules are not read: set recurseSubmodules of the GitRepository to read it";
    for (const path of ["web/templates", "web/templates/common", "web/crds", "web/charts/lib", "web/charts/lib/crds"]) {
      const { "web/templates/x.yaml": template = "", ...rest } = own;
      const files = path === "web/templates" ? rest : { ...rest, "web/templates/x.yaml": template };
      expect(await problem({ ...files, [path]: "submodule" })).to.contain(`${path}${says}`);
    }
    const linked = { ...chart("file://../lib"), ...lib("lib"), "lib/templates/more": "submodule" } as const;
    expect(await problem(linked)).to.contain(`lib/templates/more${says}`);
    expect((await render({ ...own, "web/docs": "submodule" })).documents).to.have.length(1);
  });

  it("is refused where links that count lead nowhere or out of the repository", async () => {
    const own: Files = {
      "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
      "web/templates/x.yaml": OBJECT,
    };
    expect(await problem({ ...own, "web/templates/y.yaml": { link: "../nowhere.yaml" } })).to.contain(
      'web/templates/y.yaml:1: the symbolic link leads to "web/nowhere.yaml", which does not exist',
    );
    const file = { ...own, "web/motd": { link: "/etc/motd" } };
    expect((await render(file)).documents).to.have.length(1);
    const reading = { ...file, "web/templates/y.yaml": '# {{ .Files.Get "motd" }}\n' };
    expect(await problem(reading)).to.contain("web/motd:1: the symbolic link leads out of the repository");
  });

  /** Number of input keys of a chart for two clusters. */
  const keys = async (line: string, more: Files = {}): Promise<number> => {
    const files = { "web/Chart.yaml": `apiVersion: v2\nname: web\nversion: 1.0.0\n${line}`, ...more };
    const of = async (minor: number): Promise<string> => {
      const cluster = () => ({ kubeVersion: `v1.3${minor}.0`, apiVersions: ["v1"] });
      return (await renderer.locate(request("web", { cluster }), new MemorySnapshot(files))).key;
    };
    return new Set([await of(1), await of(2)]).size;
  };

  it("depends on the cluster's version where Chart.yaml names versions", async () => {
    expect(await keys("")).to.equal(1);
    expect(await keys('kubeVersion: ">=1.32"\n')).to.equal(2);
    const old = (folder: string): Files => ({
      ...lib(folder),
      [`${folder}/Chart.yaml`]: 'apiVersion: v2\nname: lib\nversion: 0.1.0\nkubeVersion: ">=1.32"\n',
    });
    const asks = "dependencies: [{name: lib, version: 0.x, repository: file://../lib}]\n";
    expect(await keys("", lib("web/charts/lib"))).to.equal(1);
    expect(await keys("", old("web/charts/lib"))).to.equal(2);
    expect(await keys("", old("web/charts/lib/charts/lib"))).to.equal(2);
    expect(await keys(asks, lib("lib"))).to.equal(1);
    expect(await keys(asks, old("lib"))).to.equal(2);
    for (const [index, line] of ["", 'kubeVersion: ">=1.32"\n'].entries()) {
      const bytes = await packed({ "lib/Chart.yaml": `name: lib\nversion: 0.1.0\n${line}` });
      expect(await keys("", { "web/charts/lib-0.1.0.tgz": bytes })).to.equal(index + 1);
    }
    for (const [path, count] of [
      ["web/templates/x.yaml", 2],
      ["web/conf/x.yaml", 1],
    ] as const)
      expect(await keys("", { [path]: `${OBJECT}data: {a: "ENC[AES256_GCM,data:eA==]"}\n` }), path).to.equal(count);
    const capable = { ...lib("lib"), "lib/templates/x.yaml": "# {{ .Capabilities.KubeVersion }}\n" };
    expect(await keys(asks, capable)).to.equal(2);
  });

  it("depends on the cluster where an archive at any depth asks for it, however it stores its paths", async () => {
    const asking = "# {{ .Capabilities.KubeVersion }}\n";
    const db = await packed({ "db/templates/x.yaml": asking });
    const plain = await packed({ "db/templates/x.yaml": OBJECT });
    const nested = (archive: Uint8Array) => packed({ "lib/charts/db-0.1.0.tgz": archive });
    const long = `lib/${"charts/of-a-very-long-name/".repeat(4)}templates/${"long".repeat(24)}.yaml`;
    for (const [files, count] of [
      [{ "web/charts/lib/charts/db-0.1.0.tgz": db }, 2],
      [{ "web/charts/lib/charts/db-0.1.0.tgz": plain }, 1],
      [{ "web/charts/lib-0.1.0.tgz": await nested(db) }, 2],
      [{ "web/charts/lib-0.1.0.tgz": await nested(plain) }, 1],
      [{ "web/charts/lib-0.1.0.tgz": await nested(await nested(await nested(await nested(plain)))) }, 2],
      [{ "web/charts/lib-0.1.0.tgz": await packed({ [long]: asking }) }, 2],
      [{ "web/charts/lib-0.1.0.tgz": await packed({ "lib\\templates\\x.yaml": asking }) }, 2],
      [{ "web/charts/lib-0.1.0.tgz": await packed({ "lib/./a/../templates/x.yaml": asking }) }, 2],
    ] as const)
      expect(await keys("", files), JSON.stringify(Object.keys(files))).to.equal(count);
  });

  it("is refused with more dependencies than are looked for, and at the first of many problems", async () => {
    const listing = (count: number, line: string): string =>
      `apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n${line.repeat(count)}`;
    const wrong = '- {name: lib, version: "9"}\n';
    for (const file of ["web/Chart.yaml", "web/Chart.lock"]) {
      const files = { ...chart(""), ...lib("web/charts/lib"), [file]: listing(20_000, wrong) };
      expect(await problem(files)).to.equal(`${file}:1: the file lists more than 200 dependencies`);
    }
    const files = { "web/Chart.yaml": listing(200, wrong), ...lib("web/charts/lib") };
    const { problems } = (await failureOf(render(files))) as RenderError;
    expect(problems.map(({ origin }) => origin?.line)).to.deep.equal(Array.from({ length: 50 }, (_, at) => at + 5));
    const big = Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`lib/files/${at}`, "x"]));
    const local = Array.from({ length: 3 }, (_, at) => `- {name: lib${at}, version: 0.x, repository: file://../lib}\n`);
    const limited = await realRenderer({ limits: { ...DEFAULT_RENDER_LIMITS, maxFiles: 100 } });
    const many = { "web/Chart.yaml": listing(1, local.join("")), ...lib("lib"), ...big };
    const error = await failureOf(limited.render(request("web"), new MemorySnapshot(many)));
    expect(error.message).to.contain("the chart and its dependencies by file:// have more than 100 files");
  });
});
