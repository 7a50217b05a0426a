import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { ProgramLimits } from "../../../../src/child/confined-programs.js";
import type { SourceRenderer } from "../../../../src/render/render.js";
import { UnsupportedSourceError } from "../../../../src/render/render-error.js";
import type { RenderRequest, RenderResult } from "../../../../src/render/request.js";
import { configMap, failureOf, fromCluster, request } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";
import { realRenderer } from "../support/programs.js";

type Files = Readonly<Record<string, MemoryFile>>;

const VALUES = `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-values", namespace: "{{ .Release.Namespace }}"}
data:
  a: {{ .Values.a | quote }}
  b: {{ .Values.b | quote }}
  c: {{ .Values.c | quote }}
  list: {{ .Values.list | toJson | quote }}
`;

const CHART: Files = {
  "charts/shop/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
  "charts/shop/values.yaml": "a: chart\nb: chart\nc: chart\nlist: [1]\n",
  "charts/shop/templates/values.yaml": VALUES,
  "charts/shop/templates/tests/test.yaml":
    "apiVersion: v1\nkind: Pod\nmetadata: {name: test, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: a, image: b}]}\n",
  "charts/shop/crds/crd.yaml":
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\nspec: {group: example.com, scope: Namespaced, names: {kind: Thing, plural: things}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}\n",
  "values/prod.yaml": "a: prod\nb: prod\n",
  "docs/readme.md": "hello",
};

/** An archive of one chart, as `helm package` makes it. */
function archive(name: string, files: Readonly<Record<string, string>>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, text]) => {
    const header = Buffer.alloc(512);
    header.write(`${name}/${path}`, 0);
    header.write("0000644\0", 100);
    header.write("0000000\0", 108);
    header.write("0000000\0", 116);
    header.write(`${text.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write("00000000000\0", 136);
    header.write("        0", 148);
    header.write("ustar\0" + "00", 257);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [header, Buffer.from(text.padEnd(Math.ceil(text.length / 512) * 512, "\0"))];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

describe("Helm sources", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  before(async () => {
    renderer = await realRenderer();
  });

  const wantedOf = (path: string, helm: object | undefined, rest: Partial<RenderRequest>): RenderRequest => {
    const wanted = request(path, { name: "web", ...rest });
    return { ...wanted, source: { ...wanted.source, ...(helm === undefined ? {} : { helm }) } };
  };
  const render = (
    files: Files,
    helm?: object,
    rest: Partial<RenderRequest> = {},
    path = "charts/shop",
  ): Promise<RenderResult> => renderer.render(wantedOf(path, helm, rest), new MemorySnapshot(files));
  const problem = async (files: Files, helm?: object, rest?: Partial<RenderRequest>): Promise<string> =>
    (await failureOf(render(files, helm, rest))).message;
  const key = async (files: Files, helm?: object, rest: Partial<RenderRequest> = {}): Promise<string> =>
    (await renderer.locate(wantedOf("charts/shop", helm, rest), new MemorySnapshot(files))).key;
  const dataOf = ({ documents }: RenderResult): unknown =>
    documents.find(({ object }) => object.kind === "ConfigMap")?.object.data;

  it("render definitions but no tests, with the template of each object", async () => {
    const { documents } = await render(CHART);
    expect(documents.map(({ object, origin }) => [object.kind, object.metadata.name, origin])).to.deep.equal([
      ["CustomResourceDefinition", "things.example.com", { file: "charts/shop/crds/crd.yaml" }],
      ["ConfigMap", "web-values", { file: "charts/shop/templates/values.yaml" }],
    ]);
    expect(documents[1]?.object.metadata.namespace).to.equal("shop");
    const without = await render(CHART, { skipCrds: true, releaseName: "other" });
    expect(without.documents.map(({ object }) => object.metadata.name)).to.deep.equal(["other-values"]);
  });

  it("take values in this order: chart, files, references, values, parameters", async () => {
    const files = { ...CHART, "charts/shop/extra.yaml": "b: extra\n" };
    const valueFiles = ["../../values/prod.yaml", "extra.yaml"];
    expect(dataOf(await render(files, { valueFiles }))).to.deep.equal({
      a: "prod",
      b: "extra",
      c: "chart",
      list: "[1]",
    });
    const values = ["b: from\nc: from\n", "c: second\n"];
    expect(dataOf(await render(files, { valueFiles }, fromCluster(values)))).to.deep.include({
      b: "from",
      c: "second",
    });
    const inline = {
      valueFiles,
      values: { c: "inline", list: [2, 3] },
      parameters: [
        { name: "b", value: "x,y={z}" },
        { name: "list[0]", value: "007", forceString: true },
      ],
    };
    expect(dataOf(await render(files, inline, fromCluster(values)))).to.deep.equal({
      a: "prod",
      b: "x,y={z}",
      c: "inline",
      list: '["007",3]',
    });
  });

  it("read no file of the machine, whatever the path of a values file contains", async () => {
    const folder = await mkdtemp(join(tmpdir(), "helm-outside-"));
    try {
      const outside = join(folder, "outside.yaml");
      await writeFile(outside, "b: outside\n");
      for (const path of [`a,${outside}`, `"a",${outside}`, `a"b,${outside}`]) {
        const files = { ...CHART, "charts/shop/a": "{}", [`charts/shop/${path}`]: "a: file\n" };
        expect(dataOf(await render(files, { valueFiles: [path] })), path).to.deep.include({ a: "file", b: "chart" });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("know the cluster that they are rendered for", async () => {
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: caps}\ndata:\n  version: {{ .Capabilities.KubeVersion.Version | quote }}\n  thing: {{ .Capabilities.APIVersions.Has "example.com/v1/Thing" | quote }}\n  other: {{ .Capabilities.APIVersions.Has "other.example.com/v1" | quote }}\n`;
    const files = { ...CHART, "charts/shop/templates/values.yaml": text };
    const cluster = { kubeVersion: "v1.31.4", apiVersions: ["v1", "example.com/v1", "example.com/v1/Thing"] };
    expect(dataOf(await render(files, undefined, { cluster: () => cluster }))).to.deep.equal({
      version: "v1.31.4",
      thing: "true",
      other: "false",
    });
    const own = { kubeVersion: "1.29", apiVersions: ["other.example.com/v1"] };
    expect(dataOf(await render(files, own, { cluster: () => cluster }))).to.deep.equal({
      version: "v1.29",
      thing: "true",
      other: "true",
    });
  });

  it("take dependencies that are vendored, and those of the same repository", async () => {
    const inner = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inner}\n";
    const files = {
      ...CHART,
      "charts/shop/Chart.yaml":
        "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n- {name: db, version: 2.x, repository: https://example.com/charts}\n- {name: common, version: 1.0.0, repository: file://../common}\n",
      "charts/shop/Chart.lock": "dependencies:\n- {name: db, version: 2.1.0, repository: https://example.com/charts}\n",
      "charts/shop/charts/db-2.1.0.tgz": archive("db", {
        "Chart.yaml": "apiVersion: v2\nname: db\nversion: 2.1.0\n",
        "templates/cm.yaml": inner,
      }),
      "charts/common/Chart.yaml": "apiVersion: v2\nname: common\nversion: 1.0.0\n",
      "charts/common/templates/cm.yaml": inner.replace("inner", "common"),
    };
    const { documents } = await render(files, { skipCrds: true });
    const origins = Object.fromEntries(documents.map(({ object, origin }) => [object.metadata.name, origin.file]));
    expect(origins).to.deep.include({ inner: "charts/shop/charts/db-2.1.0.tgz" }).and.have.property("common");
    const first = await key(files);
    expect(await key({ ...files, "charts/common/templates/cm.yaml": inner })).not.to.equal(first);
    expect(await key({ ...files, "charts/common/templates/new.yaml": inner })).not.to.equal(first);
    const { "charts/shop/charts/db-2.1.0.tgz": db, ...missing } = files;
    expect(await problem(missing)).to.contain(
      "charts/shop/Chart.yaml: the dependency db is not in charts/: run helm dependency build",
    );
    expect(await problem({ ...missing, "charts/shop/charts/db-2.0.0.tgz": db as Buffer })).to.contain(
      "charts/shop/Chart.lock:2: Chart.lock names db 2.1.0, and charts/ holds db-2.0.0.tgz",
    );
  });

  it("name hooks, lookup and random functions in notes", async () => {
    const files = {
      ...CHART,
      "charts/shop/templates/job.yaml":
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {helm.sh/hook: pre-rollback}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}\n",
      "charts/shop/templates/secret.yaml": `{{- $old := lookup "v1" "Secret" .Release.Namespace "s" }}\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: {{ randAlphaNum 8 | quote }}}\n`,
      "charts/shop/templates/_helpers.tpl": `{{/* lookup "nothing" and randAlpha 3 */}}{{ define "x" }}lookup "y"{{ end }}`,
    };
    const { notes } = await render(files);
    const texts = notes.map(({ message, origin }) => `${origin?.file}: ${message}`);
    expect(texts).to.have.length(3);
    expect(texts.join("\n"))
      .to.match(/templates\/job\.yaml: is not applied.*pre-rollback/)
      .and.match(/templates\/secret\.yaml: uses lookup, which finds nothing here/)
      .and.match(/templates\/secret\.yaml: uses a random function/);
  });

  it("render a key twice as Helm does, with a note, but not other broken YAML", async () => {
    const twice = (labels: string): Files => ({
      ...CHART,
      "charts/shop/templates/values.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels:\n${labels}`,
    });
    const repeated = twice("    a: x\n    app: first\n    app: last\n    list: why\n    a: null\n    a: z\n");
    const result = await render(repeated);
    const found = result.documents.find(({ object }) => object.kind === "ConfigMap")?.object;
    expect(found?.metadata.labels).to.deep.equal({ app: "last", list: "why", a: "z" });
    expect(result.notes.map(({ origin, message }) => [origin?.file, message])).to.deep.include([
      "charts/shop/templates/values.yaml",
      "renders a key twice in one object: the last value is used, as Helm does",
    ]);
    const broken = `${twice("    app: a\n    app: b\n")["charts/shop/templates/values.yaml"]}---\nkind: Thing\n`;
    expect(await problem({ ...CHART, "charts/shop/templates/values.yaml": broken })).to.not.include("duplicated");
  });

  it("are read by path through symbolic links of the repository", async () => {
    const { "charts/shop/templates/values.yaml": template, ...rest } = CHART;
    const files = {
      ...rest,
      "shared/values.yaml": template as string,
      "charts/shop/templates": { link: "../../shared" },
    };
    expect(dataOf(await render(files as Files, { skipCrds: true }))).to.deep.include({ a: "chart" });
    const first = await key(files as Files);
    expect(await key({ ...files, "shared/values.yaml": VALUES.replace("-values", "-other") } as Files)).not.to.equal(
      first,
    );
  });

  const template = "charts/shop/templates/x.yaml";
  const refused: readonly [name: string, files: Files, helm: object | undefined, says: readonly (string | RegExp)[]][] =
    [
      [
        "a broken template",
        { ...CHART, [template]: "a: {{ .Values.a.b.c }}\n" },
        undefined,
        ["charts/shop/templates/x.yaml:1:", "helm: at <.Values.a.b.c>: can't evaluate field b"],
      ],
      [
        "a template that does not parse",
        { ...CHART, [template]: "a: 1\n{{ if }}\n" },
        undefined,
        ["charts/shop/templates/x.yaml:2"],
      ],
      [
        "a template that fails",
        { ...CHART, [template]: '{{ fail "set the host" }}' },
        undefined,
        ["charts/shop/templates/x.yaml:1:", "set the host"],
      ],
      ["output that is no YAML", { ...CHART, [template]: "a: b: c\n" }, undefined, ["charts/shop/templates/x.yaml: "]],
      [
        "output that is no object",
        { ...CHART, [template]: "apiVersion: v1\nkind: ConfigMap\n" },
        undefined,
        ["charts/shop/templates/x.yaml: "],
      ],
      [
        "a schema that is not met",
        { ...CHART, "charts/shop/values.schema.json": '{"properties":{"a":{"type":"integer"}}}' },
        undefined,
        ["/a", "integer"],
      ],
      [
        "a missing values file",
        CHART,
        { valueFiles: ["../../values/nowhere.yaml"] },
        ['"../../values/nowhere.yaml" is no file: there is nothing at "values/nowhere.yaml"'],
      ],
      [
        "a values file out of the repository",
        CHART,
        { valueFiles: ["../../../etc/passwd"] },
        ["leads out of the repository"],
      ],
      [
        "a values file behind a link out of the repository",
        { ...CHART, "v.yaml": { link: "/etc/passwd" } },
        { valueFiles: ["../../v.yaml"] },
        ['"v.yaml" leads out of the repository'],
      ],
      [
        "a chart without a name",
        { ...CHART, "charts/shop/Chart.yaml": "apiVersion: v2\nversion: 1.0.0\n" },
        undefined,
        ["charts/shop/Chart.yaml:1: the chart has no name"],
      ],
      [
        "a Chart.yaml that is no YAML",
        { ...CHART, "charts/shop/Chart.yaml": "a: [\n" },
        undefined,
        [/charts\/shop\/Chart\.yaml:\d/],
      ],
      [
        "parameters that cannot be read",
        CHART,
        { parameters: [{ name: "a[x].b", value: "x" }] },
        ["charts/shop/Chart.yaml: helm: "],
      ],
    ];
  for (const [name, files, helm, says] of refused) {
    it(`are refused with ${name}, by file`, async () => {
      const message = await problem(files, helm);
      for (const text of says) {
        if (typeof text === "string") expect(message).to.contain(text);
        else expect(message).to.match(text);
      }
      expect(message)
        .not.to.contain(tmpdir())
        .and.not.to.match(/overseer-render/);
    });
  }

  it("are refused with a pointer of Git LFS for a file that counts, by file", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    const valueFiles = ["../../values/prod.yaml"];
    for (const path of [
      "charts/shop/Chart.yaml",
      "charts/shop/values.yaml",
      "charts/shop/templates/values.yaml",
      "charts/shop/charts/lib-0.1.0.tgz",
      "values/prod.yaml",
    ]) {
      expect(await problem({ ...CHART, [path]: pointer }, { valueFiles })).to.match(
        new RegExp(`^${path}:1: this is a pointer of Git LFS, .*: take the file out of Git LFS$`),
      );
    }
    const icon = { ...CHART, "charts/shop/icon.png": pointer };
    expect(dataOf(await render(icon))).to.deep.include({ a: "chart" });
    const reading = { ...icon, [template]: '# {{ .Files.Get "icon.png" }}\n' };
    expect(await problem(reading)).to.contain("charts/shop/icon.png:1: this is a pointer of Git LFS");
  });

  it("skip missing values files where the app allows that", async () => {
    const helm = { valueFiles: ["nowhere.yaml"], ignoreMissingValueFiles: true };
    expect(dataOf(await render(CHART, helm))).to.deep.include({ a: "chart" });
    expect(await key({ ...CHART, "charts/shop/nowhere.yaml": "a: 1\n" }, helm)).not.to.equal(await key(CHART, helm));
  });

  it("quote no value that comes from the cluster", async () => {
    const secret = "hunter2-hunter2";
    const failing = [
      '{{ fail (printf "password %s" .Values.a) }}',
      '{{ fail (printf "password %s" (.Values.a | b64enc)) }}',
      "{{ .Values.a | int | required .Values.a | fromJson | fail }}",
      "a: {{ .Values.a }}: {{ .Values.a }}\n",
      "{{ index .Values .Values.a | fail }}",
    ];
    for (const text of failing) {
      const message = await problem({ ...CHART, [template]: text }, {}, fromCluster([`a: ${secret}\n`]));
      expect(message, text)
        .to.contain("x.yaml")
        .and.not.contain("hunter2")
        .and.not.contain(Buffer.from(secret).toString("base64"));
    }
    const schema = { ...CHART, "charts/shop/values.schema.json": '{"properties":{"a":{"pattern":"^[0-9]+$"}}}' };
    expect(await problem(schema, {}, fromCluster([`a: ${secret}\n`]))).not.to.contain("hunter2");
    const broken = await problem(CHART, {}, fromCluster([`a: [${secret}\n`]));
    expect(broken).to.contain("source.helm.valuesFrom[0]").and.not.contain("hunter2");
  });

  it("end with a limit when they never end or print too much", async () => {
    const failing = async (text: string, programs: Partial<ProgramLimits>): Promise<string> => {
      const limited = await realRenderer({ programs });
      const snapshot = new MemorySnapshot({ ...CHART, [template]: text });
      return (await failureOf(limited.render(wantedOf("charts/shop", undefined, {}), snapshot))).message;
    };
    const brief = { timeoutMs: 3000 };
    const endless = '{{- range $i := untilStep 0 2000000000 1 }}{{ repeat 100 "x" }}{{- end }}';
    expect(await failing(endless, brief)).to.match(/takes longer than 3 s|MiB of memory/);
    const loud = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: '{{ repeat 3000000 "x" }}'}\n`;
    expect(await failing(loud, { maxOutputBytes: 2 ** 20 })).to.contain("helm prints more than 1048576 bytes: split");
    const bomb = `{{- $x := "x" }}{{- range $i := until 40 }}{{- $x = print $x $x }}{{- end }}{{ $x }}`;
    expect(await failing(bomb, brief)).to.match(/takes longer than 3 s|MiB of memory/);
  });

  it("are looked through in a time that grows with their length alone", async () => {
    const open = "{{ ".repeat(400_000);
    const begin = process.cpuUsage();
    expect(await key({ ...CHART, [template]: open })).to.match(/^[0-9a-f]{32}$/);
    expect(process.cpuUsage(begin).user / 1000).to.be.lessThan(2000);
  });

  it("need helm, and name it where it is missing", async () => {
    const without = await realRenderer({ missing: true });
    const error = await failureOf(without.render(wantedOf("charts/shop", undefined, {}), new MemorySnapshot(CHART)));
    expect(error).to.be.instanceOf(UnsupportedSourceError);
    expect(error.message).to.contain('need the program helm, and "/nowhere/helm" is not found').and.contain("--helm");
  });

  it("say so when the app asks for a chart and there is none", async () => {
    const message = (await failureOf(render({ "a/x.yaml": configMap("x") }, {}, {}, "a"))).message;
    expect(message).to.contain('source.helm is set, and there is no Chart.yaml at source.path "a"');
  });

  describe("have an input key that", () => {
    it("changes with each file of the chart and each values file, and with no other", async () => {
      const helm = { valueFiles: ["../../values/prod.yaml"] };
      const first = await key(CHART, helm);
      for (const path of [
        "charts/shop/values.yaml",
        "charts/shop/templates/values.yaml",
        "values/prod.yaml",
        "charts/shop/files/new",
      ]) {
        expect(await key({ ...CHART, [path]: `${String(CHART[path] ?? "")}# changed\n` }, helm), path).not.to.equal(
          first,
        );
      }
      for (const path of ["docs/readme.md", "values/dev.yaml"]) {
        expect(await key({ ...CHART, [path]: "changed\n" }, helm), path).to.equal(first);
      }
    });

    it("changes with referenced values, which cannot be told from it", async () => {
      const keys = await Promise.all([[], ["a: 1\n"], ["a: 2\n"]].map((values) => key(CHART, {}, fromCluster(values))));
      expect(new Set(keys).size).to.equal(3);
    });

    it("changes with the cluster only where a template asks for it", async () => {
      const clusters = [1, 2].map((minor) => ({ kubeVersion: `v1.3${minor}.0`, apiVersions: ["v1"] }));
      const of = async (files: Files): Promise<number> =>
        new Set(await Promise.all(clusters.map((cluster) => key(files, {}, { cluster: () => cluster })))).size;
      expect(await of(CHART)).to.equal(1);
      expect(await of({ ...CHART, [template]: "{{/* .Capabilities */}}\n" })).to.equal(1);
      expect(await of({ ...CHART, [template]: "# {{ .Capabilities.KubeVersion }}\n" })).to.equal(2);
      const db = archive("db", {
        "Chart.yaml": "apiVersion: v2\nname: db\nversion: 1.0.0\n",
        "templates/x.yaml": "# {{ .Capabilities.KubeVersion }}\n",
      });
      expect(await of({ ...CHART, "charts/shop/charts/db-1.0.0.tgz": db })).to.equal(2);
    });

    it("is another one as soon as the cluster serves other kinds, in the same commit", async () => {
      const files = new MemorySnapshot({ ...CHART, [template]: "# {{ .Capabilities.KubeVersion }}\n" });
      let facts = { kubeVersion: "v1.31.0", apiVersions: ["v1"] };
      const wanted = wantedOf("charts/shop", undefined, { cluster: () => facts });
      const first = await renderer.locate(wanted, files);
      expect(await renderer.locate(wanted, files, first)).to.equal(first);
      facts = { kubeVersion: "v1.31.0", apiVersions: ["v1", "example.com/v1"] };
      expect((await renderer.locate(wanted, files, first)).key).not.to.equal(first.key);
    });

    it("is found in another commit without reading a file, where nothing of it has changed", async () => {
      const wanted = wantedOf("charts/shop", { valueFiles: ["../../values/prod.yaml"] }, {});
      const known = await renderer.locate(wanted, new MemorySnapshot(CHART));
      const elsewhere = new MemorySnapshot({ ...CHART, "docs/readme.md": "other" });
      expect((await renderer.locate(wanted, elsewhere, known)).key).to.equal(known.key);
      expect(elsewhere.reads).to.deep.equal([]);
      const changed = new MemorySnapshot({ ...CHART, "values/prod.yaml": "a: 2\n" });
      expect((await renderer.locate(wanted, changed, known)).key).not.to.equal(known.key);
    });
  });
});
