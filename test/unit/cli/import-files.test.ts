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

  const application = { apiVersion: "argoproj.io/v1alpha1", kind: "Application", metadata: { name: "a" }, spec: {} };

  it("ignore what only mentions the tool, and values", async () => {
    await writeFile(join(folder, "rollout.yaml"), "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nbroken: [\n");
    await writeFile(join(folder, "values.yaml"), "# see https://argoproj.io\na: 1\n");
    await writeFile(join(folder, "app.yaml"), JSON.stringify(application));
    const { objects, problems } = await readFiles("argocd", [folder]);
    expect(problems).to.deep.equal([]);
    expect(objects.map(({ kind }) => kind)).to.deep.equal(["Application"]);
  });

  it("say how a chart of Applications is rendered, once for each chart", async () => {
    await mkdir(join(folder, "apps", "templates"));
    const template = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: {{ .Release.Name }} }\n";
    for (const name of ["a.yaml", "b.yaml"]) await writeFile(join(folder, "apps", "templates", name), template);
    const { problems } = await readFiles("argocd", [folder]);
    expect(problems).to.have.lengthOf(1);
    expect(problems[0]).to.include(`helm template ${join(folder, "apps")} | overseer import argocd -f -`);
  });

  it("say what to do about broken files and objects of several clusters, in words of an import", async () => {
    await writeFile(join(folder, "a.yaml"), "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {}\n");
    for (const name of ["b.yaml", "c.yaml"])
      await writeFile(join(folder, name), JSON.stringify({ ...application, spec: { project: name } }));
    const { problems } = await readFiles("argocd", [folder]);
    expect(problems[0]).to.include("a.yaml:1").and.not.include("source.exclude");
    expect(problems[1]).to.include("Application a occurs several times").and.include("name the files of one cluster");
  });
});
