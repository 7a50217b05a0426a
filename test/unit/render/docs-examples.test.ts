import { expect } from "chai";
import { OverseerAppSpec } from "../../../src/api/overseer-app.js";
import type { SourceRenderer } from "../../../src/render/render.js";
import { allDocuments, type SourceSelection } from "../../../src/render/request.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { configMap, failureOf, request } from "./support/harness.js";
import { MemorySnapshot } from "./support/memory-snapshot.js";
import { realRenderer } from "./support/programs.js";

interface Example {
  readonly spec?: { readonly source: SourceSelection };
  readonly source?: SourceSelection;
  readonly kustomize?: SourceSelection["kustomize"];
  readonly resources?: readonly string[];
}

const DEPLOYMENT =
  "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'registry.example/web:1'}]}}}\n";

/** The layout of the page about Kustomize. */
const LAYOUT = {
  "k8s/base/kustomization.yaml": "resources: [web.yaml]\n",
  "k8s/base/web.yaml": DEPLOYMENT,
  "k8s/overlays/prod/kustomization.yaml": "resources: [../../base]\nreplicas: [{name: web, count: 3}]\n",
};

/** The chart that the page about Helm describes. */
const CHART = {
  "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
  "charts/web/values.yaml": "image: {tag: '1'}\nreplicas: 1\nlevel: chart\n",
  "charts/web/values-prod.yaml": "level: prod\nreplicas: 3\n",
  "values/common.yaml": "level: common\n",
  "charts/web/templates/cm.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\ndata: {host: '{{ .Values.ingress.host }}', tag: '{{ .Values.image.tag }}', level: '{{ .Values.level }}', replicas: '{{ .Values.replicas }}'}\n",
};

describe("Examples of the pages about sources", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  before(async () => {
    renderer = await realRenderer();
  });

  /** What an example renders to: the whole of each object, by kind and name. */
  const render = async (
    source: SourceSelection,
    files: Readonly<Record<string, string>>,
  ): Promise<Map<string, never>> => {
    const result = await renderer.render({ ...request(source.path), source, name: "web" }, new MemorySnapshot(files));
    return new Map(
      allDocuments(result).map(({ object }) => [`${object.kind} ${object.metadata.name}`, object as never]),
    );
  };

  it("are all of the fields that an OverseerApp has", () => {
    const pages = ["kustomize", "helm", "plain"].map((page) => yamlExamples<Example>(`docs/sources/${page}.md`));
    const sources = pages.flat().flatMap(({ spec, source, kustomize, ...rest }) => {
      const { helm } = rest as { helm?: object };
      const part = {
        repositoryRef: { name: "shop" },
        path: ".",
        ...(kustomize && { kustomize }),
        ...(helm && { helm }),
      };
      return spec?.source ?? source ?? (kustomize || helm ? part : []);
    });
    expect(sources).to.have.lengthOf(7);
    const destination = { kubernetes: { namespace: "shop" } };
    for (const source of sources)
      expect(OverseerAppSpec.safeParse({ source, destination }).error, JSON.stringify(source)).to.equal(undefined);
  });

  it("render the layout of bases and overlays, and adjust its images and replicas", async () => {
    const [app, adjusted] = yamlExamples<Example>("docs/sources/kustomize.md");
    const source = app?.spec?.source as SourceSelection;
    const plain = (await render(source, LAYOUT)).get("Deployment web");
    expect(plain).to.have.nested.property("spec.replicas", 3);
    const changed = (await render({ ...source, kustomize: adjusted?.kustomize ?? {} }, LAYOUT)).get("Deployment web");
    expect(changed).to.have.nested.property("spec.replicas", 5);
    expect(changed).to.have.nested.property("spec.template.spec.containers[0].image", "registry.example/web:1.8");
  });

  it("render a folder without a kustomization as if it had one", async () => {
    const source = yamlExamples<Example>("docs/sources/kustomize.md")[2]?.source as SourceSelection;
    const files = {
      "kubernetes/apps/one.yaml": configMap("one"),
      "kubernetes/apps/two/kustomization.yaml": "namePrefix: my-\nresources: [two.yaml]\n",
      "kubernetes/apps/two/two.yaml": configMap("two"),
    };
    expect([...(await render(source, files)).keys()].sort()).to.deep.equal(["ConfigMap my-two", "ConfigMap one"]);
  });

  it("read plain manifests of one folder, and name both ways out of a kustomization below it", async () => {
    const source = yamlExamples<Example>("docs/sources/plain.md")[0]?.spec?.source as SourceSelection;
    const files = {
      "manifests/one.yaml": configMap("one"),
      "manifests/below/kustomization.yaml": "resources: [two.yaml]\n",
      "manifests/below/two.yaml": configMap("two"),
    };
    expect([...(await render(source, files)).keys()]).to.deep.equal(["ConfigMap one"]);
    const { message } = await failureOf(render({ path: source.path }, files));
    expect(message).to.include("exclude").and.include("manifests/below");
  });

  it("render a chart with values in the order of the page", async () => {
    const source = yamlExamples<Example>("docs/sources/helm.md")[0]?.spec?.source as SourceSelection;
    expect((await render(source, CHART)).get("ConfigMap web")).to.deep.include({
      data: { host: "shop.example.com", tag: "1.8", level: "common", replicas: "3" },
    });
  });
});
