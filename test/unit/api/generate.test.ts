import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { load } from "js-yaml";
import { DOCUMENTS } from "../../../src/api/documents/documents.js";
import { RESOURCES } from "../../../src/api/resources.js";
import { fieldTable, typeName } from "../../../tools/generate/field-table.js";
import { outputsOf } from "../../../tools/generate/outputs.js";
import { staleFiles, writeFiles } from "../../../tools/generate/write.js";
import { toYaml } from "../../../tools/generate/yaml.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { CommandError, runCommand } from "../../../tools/run-command.js";

const outputs = outputsOf(RESOURCES);
const generator = join(repositoryRoot(), "build/tools/generate.js");

describe("the generator", function () {
  this.timeout(180_000);
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-generate-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it("writes a definition and a page for each kind, and nothing the second time", async () => {
    const written = await writeFiles(folder, outputs);
    expect(written).to.have.length(outputs.length);
    const inFolder = (folder: string): number => written.filter((path) => path.startsWith(`${folder}/`)).length;
    expect([inFolder("crds"), inFolder("docs/resources")]).to.deep.equal([RESOURCES.length, RESOURCES.length]);
    const kinds = Object.keys(DOCUMENTS).length;
    // Beside a page for each kind, the table of the keys of Compose.
    expect([inFolder("schemas/overseer.io/v1"), inFolder("docs/documents")]).to.deep.equal([kinds + 1, kinds + 1]);
    expect(written).to.include.members(["crds/gitops.overseer.io_overseerapps.yaml", "docs/resources/overseerapp.md"]);
    expect(await writeFiles(folder, outputs)).to.deep.equal([]);
  });

  it("finds what is stale, missing or left over, and mends it", async () => {
    await writeFiles(folder, outputs);
    await writeFile(join(folder, "crds/gitops.overseer.io_changes.yaml"), "kind: Old\n");
    await rm(join(folder, "docs/resources/change.md"));
    await writeFile(join(folder, "crds/gone.yaml"), "");
    const stale = ["crds/gitops.overseer.io_changes.yaml", "crds/gone.yaml", "docs/resources/change.md"];
    expect(await staleFiles(folder, outputs)).to.deep.equal(stale);
    expect(await writeFiles(folder, outputs)).to.deep.equal(stale);
    expect(await staleFiles(folder, outputs)).to.deep.equal([]);
  });

  it("with --check names each stale file, writes nothing and fails", async () => {
    await runCommand(process.execPath, [generator], { cwd: folder });
    await runCommand(process.execPath, [generator, "--check"], { cwd: folder });
    const path = join(folder, "docs/resources/overseerapp.md");
    await writeFile(path, "old");
    const failed = await runCommand(process.execPath, [generator, "--check"], { cwd: folder }).catch(
      (error: unknown) => error,
    );
    expect(failed).to.be.instanceOf(CommandError);
    expect((failed as CommandError).output).to.equal("docs/resources/overseerapp.md is stale: run make generate\n");
    expect(await readFile(path, "utf8")).to.equal("old");
  });

  it("gives the same text each time", () => {
    expect(outputsOf(RESOURCES)).to.deep.equal(outputs);
  });

  it("writes definitions that kubectl apply can annotate: far below 256 KiB", () => {
    for (const { path, text } of outputs)
      expect(
        JSON.stringify(load(text.startsWith("#") && path.endsWith(".yaml") ? text : "{}")).length,
        path,
      ).to.be.below(180_000);
  });
});

describe("toYaml", () => {
  it("keeps words that YAML 1.1 takes for booleans, numbers and times", () => {
    const words = [
      "on",
      "off",
      "yes",
      "no",
      "y",
      "n",
      "True",
      "null",
      "~",
      "0644",
      "1_000",
      "12:30:45",
      "1e3",
      "2026-01-01",
      "0x1F",
      "",
      " a ",
    ];
    expect(load(toYaml({ enum: words, on: { no: "yes" } }))).to.deep.equal({ enum: words, on: { no: "yes" } });
  });
});

describe("the field table", () => {
  it("names types as the Kubernetes documentation does", () => {
    expect(typeName({ type: "array", items: { type: "string" } })).to.equal("[]string");
    expect(typeName({ type: "object", additionalProperties: { type: "string" } })).to.equal("map[string]string");
    expect(typeName({ "x-kubernetes-int-or-string": true })).to.equal("integer or string");
    expect(typeName({ type: "string", format: "date-time" })).to.equal("time");
    expect(typeName({ "x-kubernetes-preserve-unknown-fields": true })).to.equal("anything");
  });

  it("shows path, default, whether required, limits and what a refusal says, and breaks no table", () => {
    const text = fieldTable(
      {
        type: "object",
        required: ["a"],
        properties: {
          a: {
            description: "A | B.",
            type: "array",
            maxItems: 3,
            items: {
              type: "object",
              properties: { c: { description: "C.", type: "string", enum: ["x"], default: "x" } },
            },
          },
          n: {
            description: "N.",
            type: "integer",
            minimum: 1,
            maximum: 9,
            "x-kubernetes-validations": [{ rule: "r", message: "not so" }],
          },
        },
      },
      "spec",
    );
    expect(text.split("\n").slice(2)).to.deep.equal([
      "| `spec.a` | []object |  | yes | A \\| B. At most 3. |",
      '| `spec.a[].c` | string | `"x"` |  | C. One of `x`. |',
      "| `spec.n` | integer |  |  | N. From 1 to 9. Validation error: “not so”. |",
    ]);
  });
});
