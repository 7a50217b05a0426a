import { expect } from "chai";
import type { SourcePatch } from "../../../src/api/renderers.js";
import type { KubeObject } from "../../../src/manifest/document.js";
import type { SourceRenderer } from "../../../src/render/render.js";
import type { RenderResult } from "../../../src/render/request.js";
import { configMap, failureOf, request } from "./support/harness.js";
import { type MemoryFile, MemorySnapshot } from "./support/memory-snapshot.js";
import { realRenderer } from "./support/programs.js";

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {tier: front}, creationTimestamp: null}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx:1}, {name: side, image: side:1}]}
status: {}
`;
const SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {user: anna, password: hidden-pw}\n";
const FILES = { "app/all.yaml": `${configMap("settings")}---\n${DEPLOYMENT}`, "app/secret.yaml": SECRET };

const json = (...operations: object[]): string => JSON.stringify(operations);

describe("Patches of a source", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  before(async () => {
    renderer = await realRenderer();
  });

  const render = (
    patches: readonly SourcePatch[],
    files: Readonly<Record<string, MemoryFile>> = FILES,
    source: object = {},
  ): Promise<RenderResult> => {
    const wanted = request("app");
    return renderer.render({ ...wanted, source: { ...wanted.source, ...source, patches } }, new MemorySnapshot(files));
  };
  const object = ({ documents }: RenderResult, kind: string): KubeObject =>
    documents.find((document) => document.object.kind === kind)?.object as KubeObject;
  const message = async (...call: Parameters<typeof render>): Promise<string> =>
    (await failureOf(render(...call))).message;

  it("merge by the keys of lists, and keep the file and line of each document", async () => {
    const merge =
      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: side, image: side:2}]}}}";
    const result = await render([{ patch: merge }]);
    const { spec } = object(result, "Deployment") as unknown as {
      spec: { template: { spec: { containers: object[] } } };
    };
    expect(spec.template.spec.containers).to.deep.include({ name: "side", image: "side:2" });
    expect(spec.template.spec.containers).to.deep.include({ name: "web", image: "nginx:1" });
    const origins = Object.fromEntries(result.documents.map(({ object: { kind }, origin }) => [kind, origin]));
    expect(origins).to.deep.equal({
      ConfigMap: { file: "app/all.yaml", line: 1 },
      Deployment: { file: "app/all.yaml", line: 6 },
      Secret: { file: "app/secret.yaml", line: 1 },
    });
    expect(result.notes).to.deep.equal([]);
  });

  it("apply JSON patches in order to all that a target selects", async () => {
    const label = (name: string, value: string) =>
      json({ op: "add", path: "/metadata/labels", value: { [name]: value } });
    const add = (name: string) => json({ op: "add", path: `/metadata/labels/${name}`, value: "yes" });
    const result = await render([
      { target: { kind: ".*Map|Secret" }, patch: label("first", "1") },
      { target: { labelSelector: "first=1", name: "set.*" }, patch: add("second") },
      { target: { kind: "Deploy" }, patch: add("never") },
    ]);
    expect(object(result, "ConfigMap").metadata).to.deep.include({ labels: { first: "1", second: "yes" } });
    expect(object(result, "Secret").metadata).to.deep.include({ labels: { first: "1" } });
    expect(object(result, "Deployment").metadata).to.deep.include({ labels: { tier: "front" } });
    expect(result.notes.map((note) => note.message)).to.deep.equal([
      "source.patches[2] changes nothing: no document matches its target (kind Deploy)",
    ]);
  });

  it("see documents as they are written: with stringData, status and null timestamps", async () => {
    const result = await render([
      { target: { kind: "Secret" }, patch: json({ op: "replace", path: "/stringData/user", value: "berta" }) },
      {
        target: { kind: "Deployment" },
        patch: json({ op: "remove", path: "/status" }, { op: "remove", path: "/metadata/creationTimestamp" }),
      },
    ]);
    const { data } = object(result, "Secret") as unknown as { data: Record<string, string> };
    expect(Buffer.from(data.user ?? "", "base64").toString()).to.equal("berta");
    expect(Buffer.from(data.password ?? "", "base64").toString()).to.equal("hidden-pw");
    expect(object(result, "Secret")).not.to.have.property("stringData");
  });

  it("delete documents, and leave the others exactly as they are, integers beyond 2^53 included", async () => {
    const large = "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {serial: 9007199254740993}\n";
    const deletion = "$patch: delete\napiVersion: v1\nkind: Secret\nmetadata: {name: login}";
    const result = await render([{ patch: deletion }], { ...FILES, "app/widget.yaml": large });
    expect(object(result, "Secret")).to.equal(undefined);
    expect(object(result, "Widget").spec).to.deep.equal({ serial: 9007199254740993n });
  });

  it("follow Helm and Kustomize, and settings of Kustomize itself", async () => {
    const patches = [
      { target: { kind: "ConfigMap", name: "x-.*" }, patch: json({ op: "add", path: "/data/p", value: "1" }) },
    ];
    const kustomized = await render(
      patches,
      { "app/kustomization.yaml": "resources: [cm.yaml]\n", "app/cm.yaml": configMap("settings") },
      { kustomize: { namePrefix: "x-" } },
    );
    expect(object(kustomized, "ConfigMap")).to.deep.include({ data: { name: "settings", p: "1" } });
    expect(kustomized.documents[0]?.origin).to.deep.equal({ file: "app/cm.yaml" });
    const chart = {
      "app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n",
      "app/templates/cm.yaml": configMap("x-{{ .Release.Name }}"),
    };
    const helm = await render(patches, chart);
    expect((object(helm, "ConfigMap").data as { p: string }).p).to.equal("1");
    expect(helm.documents[0]?.origin).to.deep.equal({ file: "app/templates/cm.yaml" });
  });

  it("name the patch that fails, and quote neither patches nor Secrets", async () => {
    const good: SourcePatch = {
      target: { kind: "ConfigMap" },
      patch: json({ op: "add", path: "/data/x", value: "canary-1" }),
    };
    const target = { kind: "Secret" };
    const cases: readonly (readonly [SourcePatch, RegExp])[] = [
      [
        { target, patch: json({ op: "replace", path: "/nope/x", value: "canary-2" }) },
        /^source\.patches\[2\]: replace operation does not apply: doc is missing path: \/nope\/x/,
      ],
      [
        { patch: configMap("gone") },
        /^source\.patches\[2\]: no resource matches strategic merge patch "ConfigMap\.v1\.\[noGrp\]\/gone/,
      ],
      [
        { patch: "canary: [" },
        /^source\.patches\[2\]: unable to parse SM or JSON patch: a strategic merge patch needs apiVersion/,
      ],
      [
        { patch: json({ op: "add", path: "/x", value: 1 }) },
        /^source\.patches\[2\]: must specify a target for JSON patch/,
      ],
      [{ target: { name: "we[b" }, patch: json() }, /^source\.patches\[2\]: error parsing regexp/],
      [{ target, patch: "stringData: {user: {canary: x}}" }, /^source\.patches\[2\]: /],
    ];
    for (const [patch, expected] of cases) {
      const said = await message([good, good, patch, good]);
      expect(said).to.match(expected);
      expect(said).not.to.match(/canary|hidden-pw/);
    }
  });

  it("are refused for a Core, and leave reports of duplicates as they are", async () => {
    const patches = [{ target: { kind: "ConfigMap" }, patch: json({ op: "add", path: "/data/x", value: "1" }) }];
    const twice = { "app/a.yaml": configMap("one"), "app/b.yaml": configMap("one") };
    expect(await message(patches, twice)).to.equal(
      "app/b.yaml:1: ConfigMap shop/one: is also in app/a.yaml:1; remove one of the two",
    );
    const wanted = request("app", { target: "overseer" });
    const files = new MemorySnapshot({
      "app/a.yaml": "apiVersion: overseer.io/v1\nkind: Policy\nmetadata: {name: p}\nspec: {type: backup, rules: {}}\n",
    });
    const failure = await failureOf(renderer.render({ ...wanted, source: { ...wanted.source, patches } }, files));
    expect(failure.message).to.include("only for Kubernetes");
  });

  it("are a part of the input key, in their order", async () => {
    const snapshot = new MemorySnapshot(FILES);
    const keyOf = async (patches: readonly SourcePatch[]): Promise<string> => {
      const wanted = request("app");
      return (await renderer.locate({ ...wanted, source: { ...wanted.source, patches } }, snapshot)).key;
    };
    const [a, b] = [{ patch: "a" }, { patch: "b" }];
    const keys = await Promise.all([[], [a], [b], [a, b], [b, a]].map(keyOf));
    expect(new Set(keys).size).to.equal(5);
    expect(await keyOf([a, b])).to.equal(keys[3]);
    expect(keys[0]).to.equal((await renderer.locate(request("app"), snapshot)).key);
  });
});
