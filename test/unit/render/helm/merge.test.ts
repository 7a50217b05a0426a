import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import type { SourceRenderer } from "../../../../src/render/render.js";
import { ensureCommandLineBinaries } from "../../../../tools/binaries.js";
import { request } from "../support/harness.js";
import { MemorySnapshot } from "../support/memory-snapshot.js";
import { realRenderer } from "../support/programs.js";

const CHART = {
  "Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
  "templates/x.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  values: {{ .Values | toJson | quote }}\n",
};

const scalar = fc.constantFrom<unknown>(null, true, 0, 7, "", "a,b", "x", "{a}", "null", "1,b=2");
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }), fc.constant({}));
const keys = fc.constantFrom("a", "b", "c");
const values = fc.dictionary(keys, fc.oneof(value, fc.dictionary(keys, value, { maxKeys: 3 })), { maxKeys: 3 });
const text = fc.constantFrom("1", "x", "a,b", "a\\,b", "true", "007", "null", "", "a b", "b=1,c=2");
const list = fc.array(fc.constantFrom("1", "x", "a\\,b", "true", "007"), { minLength: 1, maxLength: 3 });
const parameter = fc.record({
  name: fc.constantFrom("p", "p.q", "p.r[1]", "a", "b.a"),
  value: fc.oneof(
    text,
    list.map((items) => `{${items.join(",")}}`),
  ),
  forceString: fc.boolean(),
});

describe("Values of a chart from everywhere", function () {
  this.timeout(120_000);
  let folder: string;
  let helm: string;
  let renderer: SourceRenderer;
  before(async () => {
    ({ helm } = await ensureCommandLineBinaries());
    renderer = await realRenderer();
    folder = mkdtempSync(join(tmpdir(), "merge-"));
    mkdirSync(join(folder, "templates"));
    for (const [path, content] of Object.entries(CHART)) writeFileSync(join(folder, path), content);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("merge as by helm with the same files and settings: lists, commas, nulls", async () => {
    const inputs = fc.record({
      defaults: values,
      files: fc.array(values, { maxLength: 3 }),
      own: values,
      // One parameter has one type in both.
      parameters: fc.uniqueArray(parameter, { maxLength: 4, selector: ({ name }) => name.split(/[.[]/)[0] }),
    });
    await fc.assert(
      fc.asyncProperty(inputs, async ({ defaults, files, own, parameters }) => {
        const names = files.map((_, index) => `v${index}.yaml`);
        const written = Object.fromEntries(names.map((name, index) => [name, JSON.stringify(files[index])]));
        const all = { ...written, "values.yaml": JSON.stringify(defaults) };
        for (const [name, content] of Object.entries({ ...all, "own.yaml": JSON.stringify(own) }))
          writeFileSync(join(folder, name), content);
        const flags = [...names, "own.yaml"].map((name) => `--values=${join(folder, name)}`);
        // What people write on the command line, where they quote commas outside of lists themselves.
        const set = parameters.map(({ name, value: wanted, forceString }) => {
          const quoted = wanted.startsWith("{") ? wanted : wanted.replace(/(^|[^\\]),/g, "$1\\,");
          return `${forceString ? "--set-string" : "--set"}=${name}=${quoted}`;
        });
        const bare = spawnSync(helm, ["template", ...flags, ...set, "x", folder], {
          encoding: "utf8",
          env: { HOME: folder, PATH: "/nonexistent" },
        });
        const wanted = request("", { name: "x" });
        const source = { ...wanted.source, helm: { valueFiles: names, values: own, parameters } };
        const rendered = await renderer
          .render({ ...wanted, source }, new MemorySnapshot({ ...CHART, ...all }))
          .catch((error: unknown) => String(error));
        if (bare.status !== 0 || typeof rendered === "string") {
          expect([bare.status !== 0, typeof rendered], `${bare.stderr} ${rendered}`).to.deep.equal([true, "string"]);
          return;
        }
        const data = rendered.documents[0]?.object.data as { values: string };
        const expected = JSON.parse(/^ {2}values: (.*)$/m.exec(bare.stdout)?.[1] ?? "");
        expect(JSON.parse(data.values)).to.deep.equal(JSON.parse(expected));
      }),
      { numRuns: 10 },
    );
  });

  it("have lists, and commas in texts", async () => {
    const wanted = request("", { name: "x" });
    const parameters = [
      { name: "l", value: "{a,b}" },
      { name: "n", value: "{1,2}", forceString: true },
      { name: "t", value: "a,b={c}" },
      { name: "e", value: "a\\,b" },
    ];
    const source = { ...wanted.source, helm: { parameters } };
    const { documents } = await renderer.render({ ...wanted, source }, new MemorySnapshot(CHART));
    const data = documents[0]?.object.data as { values: string };
    expect(JSON.parse(data.values)).to.deep.equal({ l: ["a", "b"], n: ["1", "2"], t: "a,b={c}", e: "a,b" });
  });
});
