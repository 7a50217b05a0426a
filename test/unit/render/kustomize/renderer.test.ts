import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { expect } from "chai";
import type { SourceRenderer } from "../../../../src/render/render.js";
import { RenderTimeoutError, UnsupportedSourceError } from "../../../../src/render/render-error.js";
import type { RenderResult } from "../../../../src/render/request.js";
import { configMap, failureOf, request } from "../support/harness.js";
import { type MemoryFile, MemorySnapshot } from "../support/memory-snapshot.js";
import { RenderCounts, realRenderer } from "../support/programs.js";

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

const LAYOUT: Files = {
  "k8s/base/kustomization.yaml": `resources: [web.yaml]\nconfigMapGenerator: [{name: settings, files: [app.conf], literals: [mode=base]}]\n`,
  "k8s/base/web.yaml": DEPLOYMENT,
  "k8s/base/app.conf": "a = 1\n",
  "k8s/overlays/prod/kustomization.yaml":
    "resources: [../../base]\nnamePrefix: prod-\npatches: [{path: replicas.yaml}]\n",
  "k8s/overlays/prod/replicas.yaml":
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n",
  "k8s/overlays/dev/kustomization.yaml": "resources: [../../base]\nnamePrefix: dev-\n",
  "docs/readme.md": "hello",
};

/** Folders of this process: others of the machine render at the same time. */
async function temporaryFolders(): Promise<string[]> {
  const names = await Promise.all(["/dev/shm", tmpdir()].map((folder) => readdir(folder).catch(() => [])));
  return names.flat().filter((name) => name.startsWith(`overseer-render-${process.pid}-`));
}

describe("Kustomize sources", function () {
  this.timeout(120_000);
  let renderer: SourceRenderer;
  const counts = new RenderCounts();
  before(async () => {
    renderer = await realRenderer({ observer: counts });
  });

  const render = (files: Files, path: string, kustomize?: object): Promise<RenderResult> => {
    const wanted = request(path);
    const source = { ...wanted.source, ...(kustomize === undefined ? {} : { kustomize }) };
    return renderer.render({ ...wanted, source }, new MemorySnapshot(files));
  };
  const problem = async (files: Files, path: string, kustomize?: object): Promise<string> =>
    (await failureOf(render(files, path, kustomize))).message;
  const objects = ({ documents }: RenderResult) => documents.map(({ object }) => object as never);

  it("render with bases outside of the path, and say which file each object comes from", async () => {
    const result = await render(LAYOUT, "k8s/overlays/prod");
    const deployment = result.documents.find(({ object }) => object.kind === "Deployment");
    expect(deployment?.object).to.deep.include({ kind: "Deployment" });
    expect(deployment?.object.metadata).to.deep.equal({ name: "prod-web", namespace: "shop" });
    expect(deployment?.object.spec).to.deep.include({ replicas: 3 });
    expect(deployment?.origin).to.deep.equal({ file: "k8s/base/web.yaml" });
    const settings = result.documents.find(({ object }) => object.kind === "ConfigMap");
    expect(settings?.object.metadata.name).to.match(/^prod-settings-[a-z0-9]{10}$/);
    expect(settings?.object.metadata.annotations).to.equal(undefined);
    expect(settings?.object.data).to.deep.equal({ mode: "base", "app.conf": "a = 1\n" });
    expect(settings?.origin).to.deep.equal({ file: "k8s/base/kustomization.yaml" });
    expect(counts.results.at(-1)).to.equal("kustomize miss");
  });

  it("leave no temporary file behind", async () => {
    const left = await temporaryFolders();
    await render(LAYOUT, "k8s/overlays/dev");
    await problem({ ...LAYOUT, "k8s/base/web.yaml": "a: [" }, "k8s/overlays/dev");
    expect((await temporaryFolders()).filter((name) => !left.includes(name))).to.deep.equal([]);
  });

  it("are adjusted by the app's own settings, which change no selector and no pod", async () => {
    const result = await render(
      {
        ...LAYOUT,
        "k8s/extra/kustomization.yaml":
          "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nresources: [cm.yaml]\n",
        "k8s/extra/cm.yaml": configMap("extra"),
      },
      "k8s/overlays/dev",
      {
        nameSuffix: "-eu",
        namespace: "europe",
        images: [{ name: "nginx", newName: "mirror.example/nginx", newTag: "2" }],
        replicas: [{ name: "web", count: 5 }],
        labels: { team: "a" },
        annotations: { owner: "b" },
        patches: [{ patch: '[{"op":"add","path":"/spec/paused","value":true}]', target: { kind: "Deployment" } }],
        components: ["../../extra"],
      },
    );
    const names = result.documents.map(({ object }) => `${object.metadata.namespace}/${object.metadata.name}`);
    expect(names).to.include("europe/dev-web-eu").and.include("europe/extra-eu");
    const [deployment] = objects(result).filter(({ kind }) => kind === "Deployment") as {
      metadata: object;
      spec: {
        replicas: number;
        paused: boolean;
        selector: object;
        template: { metadata: object; spec: { containers: { image: string }[] } };
      };
    }[];
    expect(deployment?.metadata).to.deep.include({ labels: { team: "a" }, annotations: { owner: "b" } });
    expect(deployment?.spec).to.deep.include({ replicas: 5, paused: true, selector: { matchLabels: { app: "web" } } });
    expect(deployment?.spec.template.metadata).to.deep.equal({ labels: { app: "web" } });
    expect(deployment?.spec.template.spec.containers[0]?.image).to.equal("mirror.example/nginx:2");
  });

  it("follow symbolic links within the repository", async () => {
    const files = {
      "base/real/kustomization.yaml": "resources: [cm.yaml]\n",
      "base/real/cm.yaml": { link: "../../shared/cm.yaml" },
      "shared/cm.yaml": configMap("linked"),
      "app/kustomization.yaml": "resources: [base]\n",
      "app/base": { link: "../base/real" },
    };
    const { documents } = await render(files, "app");
    expect(documents.map(({ object }) => object.metadata.name)).to.deep.equal(["linked"]);
  });

  it("render what the forms of generators, replacements and inline patches name", async () => {
    const files = {
      "kustomization.yaml": `resources: [d.yaml, sub/]
configMapGenerator: [{name: a, envs: [vars.env], files: [key.txt=deep/file.txt]}]
secretGenerator: [{name: s, literals: [password=geheim]}]
replacements: [{path: r.yaml}]
transformers: [t.yaml]
patches:
- patch: |
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: sub}
    data: {patched: "yes"}
`,
      "d.yaml": DEPLOYMENT,
      "sub/kustomization.yml": "resources: [cm.yaml]\n",
      "sub/cm.yaml": configMap("sub"),
      "vars.env": "A=1\n",
      "deep/file.txt": "deep",
      "r.yaml":
        "source: {kind: ConfigMap, name: sub, fieldPath: data.patched}\ntargets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.copied], options: {create: true}}]\n",
      "t.yaml":
        "apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: p}\npath: p.yaml\ntarget: {kind: Deployment}\n",
      "p.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {minReadySeconds: 7}\n",
    };
    const result = await render(files, "");
    const deployment = result.documents.find(({ object }) => object.kind === "Deployment")?.object;
    expect(deployment?.metadata.annotations).to.deep.equal({ copied: "yes" });
    expect(deployment?.spec).to.deep.include({ minReadySeconds: 7 });
    const generated = result.documents.find(({ object }) => object.metadata.name.startsWith("a-"));
    expect(generated?.object.data).to.deep.equal({ A: "1", "key.txt": "deep" });
  });

  it("render a Component as the program itself does, with what the app adds", async () => {
    const files = {
      "parts/web/kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [web.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=1]}]\n",
      "parts/web/web.yaml": DEPLOYMENT,
      "parts/scale/kustomization.yaml":
        "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nreplicas: [{name: web, count: 4}]\n",
    };
    const result = await render(files, "parts/web", { namePrefix: "my-", components: ["../scale"] });
    const shown = result.documents.map(({ id, origin }) => `${id.kind} ${id.name.slice(0, 11)} ${origin.file}`);
    expect(shown.sort()).to.deep.equal([
      "ConfigMap my-settings parts/web/kustomization.yaml",
      "Deployment my-web parts/web/web.yaml",
    ]);
    expect(result.documents.find(({ id }) => id.kind === "Deployment")?.object.spec).to.deep.include({ replicas: 4 });
  });

  it("keep the origin annotation where the source itself asks for it", async () => {
    const files = {
      "kustomization.yaml": "resources: [cm.yaml]\nbuildMetadata: [originAnnotations]\n",
      "cm.yaml": configMap("x"),
    };
    const { documents } = await render(files, "");
    expect(Object.keys(documents[0]?.object.metadata.annotations ?? {})).to.deep.equal(["config.kubernetes.io/origin"]);
  });

  const refused: readonly [name: string, files: Files, says: readonly (string | RegExp)[]][] = [
    [
      "a remote base",
      { "kustomization.yaml": "namePrefix: x-\nresources:\n- github.com/example/repo//base?ref=v1\n" },
      ["kustomization.yaml:3: ", "github.com/example/repo//base?ref=v1", "commit a copy"],
    ],
    [
      "a remote file",
      { "kustomization.yaml": "resources:\n- https://example.com/x.yaml\n" },
      ["kustomization.yaml:2: ", "remote files are not fetched"],
    ],
    [
      "a path out of the repository",
      { "a/kustomization.yaml": "resources: [../../../../etc]\n" },
      ["a/kustomization.yaml:1: ", "leads out of the repository"],
    ],
    ["an absolute path", { "a/kustomization.yaml": "resources: [/etc/passwd]\n" }, ["leads out of the repository"]],
    [
      "a link out of the repository",
      { "a/kustomization.yaml": "resources: [cm.yaml]\n", "a/cm.yaml": { link: "/etc/passwd" } },
      ["a/kustomization.yaml:1: ", '"a/cm.yaml" leads out of the repository'],
    ],
    [
      "a missing file",
      { "a/kustomization.yaml": "resources:\n- x.yaml\n- y.yaml\n" },
      [
        "2 problems",
        'a/kustomization.yaml:2: "x.yaml" does not exist',
        'a/kustomization.yaml:3: "y.yaml" does not exist',
      ],
    ],
    [
      "a folder without a kustomization",
      { "a/kustomization.yaml": "resources: [b]\n", "a/b/x.yaml": configMap("x") },
      ['"b" is a folder without a kustomization.yaml'],
    ],
    [
      "helmCharts",
      { "a/kustomization.yaml": "resources: []\nhelmCharts: [{name: x}]\n" },
      ["a/kustomization.yaml:2: helmCharts", "source.helm"],
    ],
    ["a broken base", { ...LAYOUT, "k8s/base/web.yaml": `${DEPLOYMENT}  a: [\n` }, [/k8s\/base\/web\.yaml:\d+: /]],
    ["a broken kustomization", { "a/kustomization.yaml": "resources: [\n" }, [/a\/kustomization\.yaml:\d+:\d+: /]],
    [
      "a patch without a target",
      {
        "a/kustomization.yaml": "resources: [x.yaml]\npatches: [{path: p.yaml}]\n",
        "a/x.yaml": configMap("x"),
        "a/p.yaml": configMap("y"),
      },
      ["a/kustomization.yaml: kustomize: no ", "ConfigMap"],
    ],
    [
      "a field that is unknown",
      { "a/kustomization.yaml": "resources: [b]\n", "a/b/kustomization.yaml": "namePrefix: x-\nresorces: [x.yaml]\n" },
      [/^a\/b\/kustomization\.yaml:2: kustomize: the field "resorces" is unknown$/],
    ],
    [
      "a file that is no object",
      { "a/kustomization.yaml": "resources: [v.yaml]\n", "a/v.yaml": "replicas: 1\n" },
      [/^a\/v\.yaml: the file is no Kubernetes object: /],
    ],
    [
      "an exec plugin",
      {
        "a/kustomization.yaml": "generators: [g.yaml]\n",
        "a/g.yaml":
          "apiVersion: v1\nkind: Evil\nmetadata: {name: x, annotations: {config.kubernetes.io/function: 'exec: {path: /bin/sh}'}}\n",
      },
      ["a/kustomization.yaml: kustomize: "],
    ],
    [
      "a plugin that reads a file of the machine",
      {
        "a/kustomization.yaml": "generators: [g.yaml]\n",
        "a/g.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: x}\nfiles: [/etc/passwd]\n",
      },
      ['"a/g.yaml" names "/etc/passwd"'],
    ],
  ];
  for (const [name, files, says] of refused) {
    it(`are refused with ${name}, by file`, async () => {
      const message = await problem(
        files,
        "k8s/base/kustomization.yaml" in files
          ? "k8s/overlays/prod"
          : "a" in files
            ? "a"
            : Object.keys(files)[0]?.startsWith("a/")
              ? "a"
              : "",
      );
      for (const text of says) {
        if (typeof text === "string") expect(message).to.contain(text);
        else expect(message).to.match(text);
      }
      expect(message).not.to.contain(tmpdir());
      expect(message).not.to.match(/overseer-render|accumulat|\.\.\/repo/);
    });
  }

  it("with a pointer of Git LFS for any file are refused, by file", async () => {
    const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    const files = {
      "kustomization.yaml": "resources: [x.yaml]\nconfigMapGenerator: [{name: a, files: [logo.bin]}]\n",
      "x.yaml": configMap("x"),
      "logo.bin": "logo",
      "unused.bin": pointer,
    };
    expect((await render(files, "")).documents).to.have.length(2);
    for (const path of ["kustomization.yaml", "x.yaml", "logo.bin"]) {
      expect(await problem({ ...files, [path]: pointer }, "")).to.match(
        new RegExp(`^${path}:1: this is a pointer of Git LFS, .*: take the file out of Git LFS$`),
      );
    }
  });

  it("with a huge kustomization are refused before it is parsed", async () => {
    const files = { "kustomization.yaml": `resources: []\n${"# x\n".repeat(300_000)}` };
    expect(await problem(files, "")).to.contain("kustomization.yaml: the file is larger than 1048576 bytes");
  });

  it("with very many large kustomizations, or a large plugin very often, are refused before all are parsed", async () => {
    const large = `${"# x\n".repeat(250_000)}`;
    const below = Object.fromEntries(
      Array.from({ length: 9 }, (_, at) => [`d${at}/kustomization.yaml`, `resources: [../d${at + 1}]\n${large}`]),
    );
    const all = "what says how the source is rendered is larger than 8388608 bytes: split the source";
    expect(await problem(below, "d0")).to.equal(`d8/kustomization.yaml: with this file, ${all}`);
    const plugin = { "kustomization.yaml": `generators:\n${"- g.yaml\n".repeat(100)}`, "g.yaml": `kind: X\n${large}` };
    expect(await problem(plugin, "")).to.equal(`g.yaml: with this file, ${all}`);
  });

  it("quote no value in an error", async () => {
    const secret = "hunter2-hunter2";
    const files = {
      "kustomization.yaml": `resources: [x.yaml]\npatches:\n- patch: |\n    stringData: {a: ${secret}\n`,
      "x.yaml": configMap("x"),
    };
    expect(await problem(files, ""))
      .to.contain("kustomize: ")
      .and.not.contain(secret);
    const generator = { "kustomization.yaml": `secretGenerator: [{name: s, literals: [${secret}]}]\n` };
    expect(await problem(generator, ""))
      .to.contain("name=value")
      .and.not.contain(secret);
    const env = { "kustomization.yaml": "secretGenerator: [{name: s, envs: [e.env]}]\n", "e.env": `${secret} x = 1\n` };
    expect(await problem(env, ""))
      .to.contain("Secret s-")
      .and.not.contain(secret);
  });

  it("that the app asks for say so when there is no kustomization", async () => {
    expect(await problem({ "a/x.yaml": configMap("x") }, "a", {})).to.contain(
      'source.kustomize is set, and there is no kustomization.yaml at source.path "a"',
    );
  });

  it("need kubectl, and name it where it is missing", async () => {
    const without = await realRenderer({ missing: true });
    const error = await failureOf(without.render(request("k8s/overlays/dev"), new MemorySnapshot(LAYOUT)));
    expect(error).to.be.instanceOf(UnsupportedSourceError);
    expect(error.message)
      .to.contain('need the program kubectl, and "/nowhere/kubectl" is not found')
      .and.contain("--kubectl");
    const plain = await without.render(request(""), new MemorySnapshot({ "x.yaml": configMap("x") }));
    expect(plain.documents).to.have.length(1);
  });

  it("are ended when they take too long or print too much", async () => {
    const brief = await realRenderer({ programs: { timeoutMs: 1 } });
    const slow = await failureOf(brief.render(request("k8s/overlays/dev"), new MemorySnapshot(LAYOUT)));
    expect(slow).to.be.instanceOf(RenderTimeoutError);
    expect(slow.message).to.contain("kubectl takes longer than 0.001 s: simplify");
    const small = await realRenderer({ programs: { maxOutputBytes: 100 } });
    const large = await failureOf(small.render(request("k8s/overlays/dev"), new MemorySnapshot(LAYOUT)));
    expect(large.message).to.contain("more than 100 bytes");
  });

  describe("have an input key that", () => {
    const key = async (files: Files, path = "k8s/overlays/prod", kustomize?: object): Promise<string> => {
      const wanted = request(path);
      const source = { ...wanted.source, ...(kustomize === undefined ? {} : { kustomize }) };
      return (await renderer.locate({ ...wanted, source }, new MemorySnapshot(files))).key;
    };

    it("changes with every file that is read, and with no other", async () => {
      const first = await key(LAYOUT);
      for (const path of [
        "k8s/base/web.yaml",
        "k8s/base/app.conf",
        "k8s/base/kustomization.yaml",
        "k8s/overlays/prod/replicas.yaml",
      ]) {
        expect(await key({ ...LAYOUT, [path]: `${String(LAYOUT[path])}# changed\n` }), path).not.to.equal(first);
      }
      for (const path of [
        "docs/readme.md",
        "k8s/overlays/dev/kustomization.yaml",
        "k8s/base/unused.yaml",
        "k8s/overlays/prod/notes.txt",
      ]) {
        expect(await key({ ...LAYOUT, [path]: "changed\n" }), path).to.equal(first);
      }
    });

    it("changes with the settings of the app", async () => {
      const settings = [undefined, {}, { namePrefix: "a" }, { namePrefix: "b" }];
      const keys = await Promise.all(settings.map((one) => key(LAYOUT, "k8s/overlays/prod", one)));
      expect(new Set(keys).size).to.equal(3);
    });

    it("changes when a file appears that was looked for", async () => {
      const files = { "a/kustomization.yaml": "resources: [x.yaml]\n" };
      expect(await key({ ...files, "a/x.yaml": configMap("x") }, "a")).not.to.equal(await key(files, "a"));
    });

    it("is found in another commit without reading a file, where nothing of it has changed", async () => {
      const known = await renderer.locate(request("k8s/overlays/prod"), new MemorySnapshot(LAYOUT));
      const elsewhere = new MemorySnapshot({ ...LAYOUT, "docs/readme.md": "other" });
      const next = await renderer.locate(request("k8s/overlays/prod"), elsewhere, known);
      expect(next.key).to.equal(known.key);
      expect(elsewhere.reads).to.deep.equal([]);
      const base = new MemorySnapshot({ ...LAYOUT, "k8s/base/app.conf": "a = 2\n" });
      const changed = await renderer.locate(request("k8s/overlays/prod"), base, next);
      expect(changed.key).not.to.equal(known.key);
    });
  });
});
