import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readFiles } from "../../../src/cli/verbs/import/read-files.js";

describe("the files of an import", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-import-"));
    await mkdir(join(folder, "apps"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("are manifests of the tools; files that exclude others from Flux are named, and what to do", async () => {
    const kustomization = {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { name: "a" },
    };
    await writeFile(join(folder, "apps", "a.yaml"), JSON.stringify({ ...kustomization, spec: {} }));
    await writeFile(join(folder, "apps", "values.yaml"), "a: {{ template }}\n");
    await writeFile(join(folder, "apps", ".sourceignore"), "/test\n");
    const { objects, problems } = await readFiles("flux", [folder]);
    expect(objects.map(({ metadata }) => metadata.name)).to.deep.equal(["a"]);
    expect(problems).to.have.lengthOf(1);
    expect(problems[0]).to.include(join("apps", ".sourceignore")).and.include("write them into spec.ignore");
    expect((await readFiles("argocd", [folder])).problems).to.deep.equal([]);
  });
});
