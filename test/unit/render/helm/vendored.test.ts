import { expect } from "chai";
import type { SourceRenderer } from "../../../../src/render/render.js";
import { failureOf, request } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";
import { realRenderer } from "../support/programs.js";

type Files = Readonly<Record<string, MemoryFile>>;

const OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";

describe("What a chart has in its folder", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  before(async () => {
    renderer = await realRenderer();
  });
  const render = async (files: Files) => renderer.render(request("web", { name: "web" }), new MemorySnapshot(files));
  const problem = async (files: Files): Promise<string> => (await failureOf(render(files))).message;

  const chart = (repository: string): Files => ({
    "web/Chart.yaml": `apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: lib, version: ">=0.1.0", repository: "${repository}"}]\n`,
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

  it("depends on the cluster's version where Chart.yaml names versions", async () => {
    const keys = async (line: string): Promise<number> => {
      const files = { "web/Chart.yaml": `apiVersion: v2\nname: web\nversion: 1.0.0\n${line}` };
      const of = async (minor: number): Promise<string> => {
        const cluster = () => ({ kubeVersion: `v1.3${minor}.0`, apiVersions: ["v1"] });
        return (await renderer.locate(request("web", { cluster }), new MemorySnapshot(files))).key;
      };
      return new Set([await of(1), await of(2)]).size;
    };
    expect(await keys("")).to.equal(1);
    expect(await keys('kubeVersion: ">=1.32"\n')).to.equal(2);
  });
});
