import { expect } from "chai";
import type { SourceRenderer } from "../../../../src/render/render.js";
import type { RenderResult } from "../../../../src/render/request.js";
import { configMap, failureOf, request } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";
import { realRenderer } from "../support/programs.js";

type Files = Readonly<Record<string, MemoryFile>>;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx:1}]}
`;

describe("Kustomize sources of imported apps", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  before(async () => {
    renderer = await realRenderer();
  });

  const render = (files: Files, path: string, kustomize?: object): Promise<RenderResult> => {
    const wanted = request(path);
    const source = { ...wanted.source, ...(kustomize === undefined ? {} : { kustomize }) };
    return renderer.render({ ...wanted, source }, new MemorySnapshot(files));
  };
  const problem = async (files: Files, path: string, kustomize?: object): Promise<string> =>
    (await failureOf(render(files, path, kustomize))).message;

  describe("with settings of the app over those of the kustomization at the path", () => {
    const files = (settings: string): Files => ({
      "app/kustomization.yaml": `resources: [../base]\n${settings}`,
      "base/kustomization.yaml": "resources: [web.yaml]\nnamePrefix: base-\n",
      "base/web.yaml": DEPLOYMENT,
    });
    const imageOf = ({ documents }: RenderResult): string | undefined =>
      /"image":"([^"]*)"/.exec(JSON.stringify(documents))?.[1];
    const images = 'images: [{name: nginx, newName: reg/nginx, newTag: "1"}, {name: other, newTag: "7"}]\n';

    // The images that kustomize edit set image leaves with nginx:2, nginx=*:2, nginx=x:*, nginx=x and reg/nginx:3.
    for (const [image, expected, note] of [
      [
        { name: "nginx", newTag: "2" },
        "nginx:2",
        'replaces the entry "nginx" of the kustomization, whose newName reg/nginx',
      ],
      [{ name: "nginx", newName: "*", newTag: "2" }, "reg/nginx:2", undefined],
      [{ name: "nginx", newName: "x", newTag: "*" }, "x:1", undefined],
      [{ name: "nginx", newName: "x" }, "x:1", "whose newTag 1 has no effect"],
      [{ name: "nginx", digest: "sha256:00", newName: "x" }, "x@sha256:00", undefined],
      [{ name: "reg/nginx", newTag: "3" }, "reg/nginx:3", undefined],
      [{ name: "ngin", newTag: "3" }, "reg/nginx:1", 'no image is named "ngin"'],
    ] as const) {
      it(`have the image ${expected} with ${JSON.stringify(image)}`, async () => {
        const result = await render(files(images), "app", { images: [image] });
        expect(imageOf(result)).to.equal(expected);
        const messages = result.notes.map(({ message }) => message);
        expect(messages).to.have.length(note === undefined ? 0 : 1);
        if (note !== undefined) expect(messages[0]).to.include(note);
      });
    }

    it("name everything that they replace: tag suffixes, and entries with the same name", async () => {
      const entries = 'images: [{name: nginx, newTag: "1", tagSuffix: -x}, {name: nginx, newName: reg/nginx}]\n';
      const result = await render(files(entries), "app", { images: [{ name: "nginx", newTag: "2" }] });
      expect(imageOf(result)).to.equal("nginx:2");
      expect(result.notes.map(({ message }) => message)).to.deep.equal([
        'source.kustomize.images replaces the entry "nginx" of the kustomization, whose tagSuffix -x and newName reg/nginx has no effect: set it here as well, or "*" to keep it; append the tagSuffix to newTag',
      ]);
      const kept = await render(files(entries), "app", { images: [{ name: "nginx", newName: "*", newTag: "2-x" }] });
      expect(imageOf(kept)).to.equal("reg/nginx:2-x");
    });

    it("replace its namePrefix and nameSuffix, and not those below it", async () => {
      const top = files("namePrefix: top-\nnameSuffix: -top\n");
      const nameOf = async (kustomize: object) =>
        (await render(top, "app", kustomize)).documents[0]?.object.metadata.name;
      expect(await nameOf({ namePrefix: "app-", nameSuffix: "-app" })).to.equal("app-base-web-app");
      expect(await nameOf({ nameSuffix: "-app" })).to.equal("top-base-web-app");
      expect(await nameOf({})).to.equal("top-base-web-top");
    });
  });

  describe("without a kustomization at the path, with generate", () => {
    const files: Files = {
      "apps/web.yaml": DEPLOYMENT,
      "apps/empty.yaml": "# nothing\n",
      "apps/deep/cm.yml": configMap("deep"),
      "apps/own/kustomization.yaml": "resources: [cm.yaml]\nnamePrefix: own-\n",
      "apps/own/cm.yaml": configMap("cm"),
      "apps/own/unused.yaml": "not: used\n",
      "apps/own/below/kustomization.yaml": "resources: [nowhere.yaml]\n",
      "apps/.sops.yaml": "creation_rules: []\n",
      "apps/.github/x.yaml": "on: push\n",
      "apps/notes.json": "{}",
      "apps/readme.md": "hello",
    };
    const generate = { generate: true };

    // What fluxcd/pkg/kustomize generates, and `kustomize create --autodetect --recursive`.
    it("render all manifests below, and folders with a kustomization by that", async () => {
      const result = await render(files, "apps", {
        ...generate,
        namespace: "all",
        images: [{ name: "nginx", newTag: "9" }],
      });
      const shown = result.documents.map(({ id, origin }) => `${id.namespace}/${id.name} ${origin.file}`);
      expect(shown.sort()).to.deep.equal([
        "all/deep apps/deep/cm.yml",
        "all/own-cm apps/own/cm.yaml",
        "all/web apps/web.yaml",
      ]);
      expect(JSON.stringify(result.documents)).to.contain('"image":"nginx:9"');
      expect(result.notes).to.deep.equal([]);
    });

    it("leave out what the source excludes, and use a kustomization that is there", async () => {
      const wanted = request("apps", { exclude: ["own/**"] });
      const source = { ...wanted.source, kustomize: generate };
      const { documents } = await renderer.render({ ...wanted, source }, new MemorySnapshot(files));
      expect(documents.map(({ id }) => id.name).sort()).to.deep.equal(["deep", "web"]);
      const own = await render({ ...files, "apps/kustomization.yaml": "resources: [deep/cm.yml]\n" }, "apps", generate);
      expect(own.documents.map(({ id }) => id.name)).to.deep.equal(["deep"]);
    });

    it("prune nothing while a submodule stands where manifests may have been", async () => {
      const changed = new MemorySnapshot({ ...files, "apps/vendor": "submodule" });
      const of = async (exclude: string[]) => {
        const wanted = request("apps", { exclude });
        const asked = { ...wanted, source: { ...wanted.source, kustomize: generate } };
        const { unread, notes } = await renderer.render(asked, changed);
        return { unread, notes: notes.length, key: (await renderer.locate(asked, changed)).key };
      };
      const [all, some] = [await of([]), await of(["vendor"])];
      expect(all.unread).to.match(/^apps\/vendor: submodules are not read; .*nothing is pruned until/);
      expect([all.notes, some.notes, some.unread]).to.deep.equal([1, 0, undefined]);
      expect(some.key).not.to.equal(all.key);
    });

    it("name the file that is no manifest, and a folder without any", async () => {
      const bad = await problem({ ...files, "apps/values.yaml": "replicas: 1\n" }, "apps", generate);
      expect(bad)
        .to.match(/^apps\/values\.yaml: /)
        .and.not.match(/overseer-render|accumulat/);
      expect(await problem({ "a/readme.md": "x" }, "a", generate)).to.contain(
        'source.kustomize.generate: no file at source.path "a" ends in .yaml or .yml',
      );
      const { kustomize: _, ...plain } = { ...request("apps").source, kustomize: generate };
      expect(
        (await failureOf(renderer.render({ ...request("apps"), source: plain }, new MemorySnapshot(files)))).message,
      )
        .to.contain('"apps/own/below/kustomization.yaml" makes its folder a Kustomize source')
        .and.contain("Set source.kustomize.generate to use both, as Flux does");
    });

    it("have an input key that changes with files that appear below, and not with others", async () => {
      const wanted = { ...request("apps"), source: { path: "apps", kustomize: generate } };
      const known = await renderer.locate(wanted, new MemorySnapshot(files));
      const keyOf = async (changed: Files): Promise<string> =>
        (await renderer.locate(wanted, new MemorySnapshot({ ...files, ...changed }), known)).key;
      expect(await keyOf({ "docs/x.md": "x", "apps/readme.md": "changed" })).to.equal(known.key);
      expect(await keyOf({ "apps/deep/new.yaml": configMap("new") })).not.to.equal(known.key);
      expect(await keyOf({ "apps/deep/kustomization.yaml": "resources: [cm.yml]\n" })).not.to.equal(known.key);
      expect(await keyOf({ "apps/web.yaml": configMap("web") })).not.to.equal(known.key);
    });
  });
});
