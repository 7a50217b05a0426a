import { expect } from "chai";
import { fileTooLarge } from "../../../src/manifest/yaml/parse.js";
import { PathNotFoundError, RenderError, UnsupportedSourceError } from "../../../src/render/render-error.js";
import type { RenderResult } from "../../../src/render/request.js";
import { configMap, failureOf, renderFiles, request } from "./support/harness.js";

function keys(result: RenderResult): string[] {
  return result.documents.map(({ key }) => key);
}

function notes(result: RenderResult): string[] {
  return result.notes.map(
    ({ origin, object, message }) => `${origin?.file}:${origin?.line} ${object ?? ""} ${message}`,
  );
}

async function problems(work: Promise<unknown>): Promise<string[]> {
  const error = await failureOf(work);
  if (!(error instanceof RenderError)) throw error;
  expect(error).to.include({ code: "RENDER_FAILED", reason: "RenderFailed", class: "terminal" });
  return error.problems.map(({ origin, message }) => `${origin?.file}:${origin?.line} ${message}`);
}

describe("render: which files", () => {
  const tree = {
    "apps/shop/web.yaml": configMap("web"),
    "apps/shop/db/db.yml": configMap("db"),
    "apps/shop/db/more.json": '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"more"}}',
    "apps/shop/README.md": "# not: [yaml",
    "apps/shop/.hidden.yaml": "not: [yaml",
    "apps/shop/.github/ci.yaml": "not: [yaml",
    "apps/shop/db/.x/y.yaml": "not: [yaml",
    "apps/other/x.yaml": configMap("other"),
  };

  it("takes all manifests below the path and nothing hidden", async () => {
    const result = await renderFiles(tree, request("apps/shop"));
    expect(keys(result)).to.deep.equal(["/ConfigMap/shop/db", "/ConfigMap/shop/more", "/ConfigMap/shop/web"]);
    expect(result.documents.map(({ origin }) => origin.file)).to.deep.equal([
      "apps/shop/db/db.yml",
      "apps/shop/db/more.json",
      "apps/shop/web.yaml",
    ]);
    expect(result.notes).to.deep.equal([]);
  });

  for (const path of ["apps/shop/", "./apps/shop", "/apps//shop/."]) {
    it(`reads the path ${path} as apps/shop`, async () => {
      expect((await renderFiles(tree, request(path))).documents).to.have.length(3);
    });
  }

  it("takes the whole repository for an empty path", async () => {
    expect((await renderFiles(tree, request("."))).documents).to.have.length(4);
  });

  const globs: readonly [include: string[], exclude: string[], expected: string[]][] = [
    [["*.yaml"], [], ["web"]],
    [["**/*.yml"], [], ["db"]],
    [["db"], [], ["db", "more"]],
    [["db/"], ["**/*.json"], ["db"]],
    [[], ["db"], ["web"]],
    [["./web.yaml", "db/{db,x}.y?l"], [], ["db", "web"]],
    [["nothing"], [], []],
  ];
  for (const [include, exclude, expected] of globs) {
    it(`include ${JSON.stringify(include)} exclude ${JSON.stringify(exclude)}`, async () => {
      const result = await renderFiles(tree, request("apps/shop", { include, exclude }));
      expect(result.documents.map(({ id }) => id.name)).to.deep.equal(expected);
    });
  }

  it("takes one file, whatever it is called and the globs say", async () => {
    const result = await renderFiles(
      { "a/x.yaml.txt": configMap("x"), "a/y.yaml": "no: [" },
      request("a/x.yaml.txt", { exclude: ["**"] }),
    );
    expect(keys(result)).to.deep.equal(["/ConfigMap/shop/x"]);
    expect(result.documents[0]?.origin).to.deep.equal({ file: "a/x.yaml.txt", line: 1 });
  });

  it("keeps a hundred notes and counts the rest", async () => {
    const text = (index: number): string =>
      `apiVersion: v1\nkind: Namespace\nmetadata: {name: n${index}, namespace: x}\n`;
    const all = Array.from({ length: 130 }, (_, index) => text(index)).join("---\n");
    const result = await renderFiles({ "x.yaml": all }, request(""));
    expect(result.notes).to.have.length(100);
    expect(result.notesOmitted).to.equal(30);
  });

  it("gives no documents for a folder without any", async () => {
    expect(await renderFiles({ "a/README": "x" }, request("a"))).to.deep.equal({
      documents: [],
      notes: [],
      notesOmitted: 0,
      unknownKinds: [],
      nothing: 'no file at source.path "a" ends in .yaml, .yml or .json; there is README',
    });
    const hidden = { "a/.x.yaml": configMap("x"), "a/.github/y.yaml": configMap("y") };
    expect((await renderFiles(hidden, request("a"))).nothing).to.equal(
      'there are only hidden files at source.path "a", which are never read: .github/y.yaml, .x.yaml',
    );
    const below = await renderFiles(
      { "a/b/x.yaml": configMap("x") },
      { ...request("a"), source: { path: "a", plain: { recurse: false } } },
    );
    expect(below.nothing).to.equal(
      'all files at source.path "a" are in folders below it, and source.plain.recurse is false; there is b/x.yaml',
    );
    const excluded = await renderFiles(
      { "a/x.yaml": configMap("x"), "a/.y": "" },
      request("a", { exclude: ["x.yaml"] }),
    );
    expect(excluded.nothing).to.contain("is left by source.include and source.exclude; there is .y, x.yaml");
  });
});

describe("render: a path that is not there", () => {
  const tree = {
    "apps/shop/web.yaml": configMap("web"),
    "apps/blog/x.yaml": "",
    link: { link: "apps" },
    out: { link: "../etc" },
    loop: { link: "loop" },
    sub: "submodule",
  } as const;
  const cases: readonly [path: string, message: string][] = [
    ["apps/shopp", 'source.path "apps/shopp" does not exist; did you mean "apps/shop"?'],
    ["app/shop", 'source.path "app/shop" does not exist; did you mean "apps"?'],
    ["apps/zzzzzz", 'source.path "apps/zzzzzz" does not exist; there is "apps/blog", "apps/shop"'],
    ["apps/shop/web.yaml/x", 'source.path "apps/shop/web.yaml/x" does not exist; "apps/shop/web.yaml" is a file'],
    [
      "link/shopp",
      'source.path "link/shopp" does not exist; a symbolic link leads to "apps/shopp"; did you mean "apps/shop"?',
    ],
    ["out", 'source.path "out": a symbolic link on it leads out of the repository, to "../etc"'],
    ["loop", 'source.path "loop": a symbolic link on it leads over more than 8 others, or to itself'],
    [
      "sub",
      'source.path "sub" is a submodule: set recurseSubmodules of the GitRepository, or make a GitRepository for it',
    ],
    ["../x", 'source.path "../x" leaves the repository; write it without ".."'],
  ];
  for (const [path, message] of cases) {
    it(path, async () => {
      const error = await failureOf(renderFiles(tree, request(path)));
      expect(error).to.be.instanceOf(PathNotFoundError);
      expect(error).to.include({ reason: "PathNotFound", class: "terminal", message });
    });
  }
});

describe("render: sources of other kinds", () => {
  const cases: readonly [name: string, files: Record<string, string>, message: string][] = [
    [
      "kustomization.yaml",
      { "a/kustomization.yaml": "resources: []", "a/x.yaml": configMap("x") },
      "the source is of a kind that is not rendered",
    ],
    ["Chart.yaml", { "a/Chart.yaml": "name: x", "a/templates/x.yaml": "{{ x }}" }, "of a kind that is not rendered"],
    [
      "a kustomization below",
      { "a/x.yaml": configMap("x"), "a/b/c/kustomization.yaml": "" },
      '"a/b/c/kustomization.yaml" makes its folder a Kustomize source',
    ],
    [
      "a chart below",
      { "a/x.yaml": configMap("x"), "a/b/Chart.yaml": "" },
      '"a/b/Chart.yaml" makes its folder a Helm source',
    ],
  ];
  for (const [name, files, message] of cases) {
    it(`refuses ${name}`, async () => {
      const error = await failureOf(renderFiles(files, request("a")));
      expect(error).to.be.instanceOf(UnsupportedSourceError);
      expect(error).to.include({ reason: "UnsupportedSource", class: "terminal" });
      expect(error.message).to.contain(message);
    });
  }

  it("takes plain manifests when the marker is ignored", async () => {
    const files = { "a/kustomization.yaml": "x: 1", "a/x.yaml": configMap("x"), "a/chart/Chart.yaml": "" };
    expect(keys(await renderFiles(files, request("a", { exclude: ["kustomization.yaml", "chart"] })))).to.deep.equal([
      "/ConfigMap/shop/x",
    ]);
  });
});

const WAY_OUT = "; remove the link, or leave it out with source.exclude";

const SUBMODULE =
  "submodules are not read; it is ignored, and nothing is pruned until recurseSubmodules of the GitRepository is set to read it, or it is excluded with source.exclude";

describe("render: links and submodules", () => {
  it("follows links to files of the source", async () => {
    const files = {
      "a/x.yaml": { link: "./parts/../parts/one.yaml.in" },
      "a/parts/one.yaml.in": configMap("one"),
      "a/y.yaml": { link: "hop" },
      "a/hop": { link: ".data/two" },
      "a/.data/two": configMap("two"),
    };
    const result = await renderFiles(files, request("a"));
    expect(result.documents.map(({ key, origin }) => `${origin.file} ${key}`)).to.deep.equal([
      "a/x.yaml /ConfigMap/shop/one",
      "a/y.yaml /ConfigMap/shop/two",
    ]);
  });

  const refused: readonly [name: string, link: string, message: string][] = [
    [
      "out of the repository",
      "../../../etc/passwd",
      `the symbolic link leads out of the repository, to "../../../etc/passwd"${WAY_OUT}`,
    ],
    ["to an absolute path", "/etc/passwd", `the symbolic link leads out of the repository, to "/etc/passwd"${WAY_OUT}`],
    ["to nothing", "gone.yaml", `the symbolic link leads to "a/gone.yaml", which does not exist${WAY_OUT}`],
    ["to its own folder", ".", `the symbolic link leads to "a", a folder that it is in${WAY_OUT}`],
    ["to the root", "..", `the symbolic link leads to ".", a folder that it is in${WAY_OUT}`],
    ["to itself", "l.yaml", `the symbolic link leads over more than 8 others, or to itself${WAY_OUT}`],
    ["to a submodule", "sub", `the symbolic link leads to the submodule "a/sub", which is not read${WAY_OUT}`],
  ];
  for (const [name, link, message] of refused) {
    it(`refuses a link ${name}`, async () => {
      const files = {
        "a/l.yaml": { link },
        "a/dir/x.txt": "",
        "b/x.yaml": configMap("x"),
        "a/sub": "submodule",
      } as const;
      expect(await problems(renderFiles(files, request("a")))).to.deep.equal([`a/l.yaml:1 ${message}`]);
    });
  }

  it("says what it leaves out", async () => {
    const files = {
      "a/x.yaml": configMap("x"),
      "a/again.yaml": { link: "x.yaml" },
      "a/gone": { link: "../b" },
      "a/vendor": "submodule",
    } as const;
    const result = await renderFiles(files, request("a"));
    expect(keys(result)).to.deep.equal(["/ConfigMap/shop/x"]);
    expect(notes(result)).to.deep.equal([
      "a/again.yaml:1  is a link to x.yaml, which is read itself",
      'a/gone:1  the symbolic link leads to "b", which does not exist; it is ignored, and nothing is pruned until the link is corrected or removed, or excluded with source.exclude',
      `a/vendor:1  ${SUBMODULE}`,
    ]);
  });

  it("prunes nothing while a submodule stands where manifests may have been", async () => {
    const files = { "a/x.yaml": configMap("x"), "a/vendor": "submodule" } as const;
    const unreadWith = async (rest: Parameters<typeof request>[1], source = {}): Promise<string | undefined> => {
      const asked = request("a", rest);
      return (await renderFiles(files, { ...asked, source: { ...asked.source, ...source } })).unread;
    };
    for (const include of [undefined, ["**/*.yaml"], ["vendor/db/*.yaml"]])
      expect(await unreadWith(include === undefined ? {} : { include })).to.equal(`a/vendor: ${SUBMODULE}`);
    expect(await unreadWith({ exclude: ["vendor"] })).to.equal(undefined);
    expect(await unreadWith({ include: ["x.yaml"] })).to.equal(undefined);
    expect(await unreadWith({}, { plain: { recurse: false } })).to.equal(undefined);
  });
});

describe("render: namespaces and identity", () => {
  it("gives the default namespace to what names none, and overrides nothing", async () => {
    const files = { "x.yaml": `${configMap("a")}---\n${configMap("a", "other")}` };
    const result = await renderFiles(files, request(""));
    expect(keys(result)).to.deep.equal(["/ConfigMap/other/a", "/ConfigMap/shop/a"]);
    expect(result.documents.map(({ object }) => object.metadata.namespace)).to.deep.equal(["other", "shop"]);
  });

  it("drops the namespace of what is cluster-scoped, with a note", async () => {
    const files = { "x.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, namespace: shop}\n" };
    const result = await renderFiles(files, request(""));
    expect(keys(result)).to.deep.equal(["/Namespace//shop"]);
    expect(result.documents[0]?.object.metadata).to.deep.equal({ name: "shop" });
    expect(notes(result)).to.deep.equal(["x.yaml:1 Namespace shop is cluster-scoped; its namespace shop is ignored"]);
  });

  it("drops our own labels with a note", async () => {
    const text = configMap("a").replace("{name: a}", "{name: a, labels: {gitops.overseer.io/app: x}}");
    expect(notes(await renderFiles({ "x.yaml": text }, request("")))).to.deep.equal([
      "x.yaml:1 ConfigMap shop/a label gitops.overseer.io/app: written by this operator only, and ignored",
    ]);
  });

  it("asks for a default namespace where one is needed", async () => {
    const files = { "x.yaml": configMap("a") };
    expect(await problems(renderFiles(files, request("", { defaultNamespace: "" })))).to.deep.equal([
      "x.yaml:1 names no namespace, and the destination has no default",
    ]);
  });

  it("learns scopes from definitions of the same source, and tells what stays unknown", async () => {
    const definition = (kind: string, scope: string): string =>
      `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: ${kind.toLowerCase()}s.example.com}\nspec: {group: example.com, names: {kind: ${kind}}, scope: ${scope}}\n`;
    const custom = (kind: string): string => `apiVersion: example.com/v1\nkind: ${kind}\nmetadata: {name: x}\n`;
    const files = {
      "a.yaml": [custom("World"), custom("Local"), custom("Unknown")].join("---\n"),
      "b.yaml": [definition("World", "Cluster"), definition("Local", "Namespaced")].join("---\n"),
    };
    const result = await renderFiles(files, request(""));
    expect(keys(result)).to.deep.equal([
      "apiextensions.k8s.io/CustomResourceDefinition//locals.example.com",
      "apiextensions.k8s.io/CustomResourceDefinition//worlds.example.com",
      "example.com/Local/shop/x",
      "example.com/Unknown/shop/x",
      "example.com/World//x",
    ]);
    expect(result.unknownKinds).to.deep.equal([{ group: "example.com", version: "v1", kind: "Unknown" }]);
  });

  it("drops the status of custom kinds that serve it apart", async () => {
    const files = {
      "x.yaml":
        "apiVersion: example.com/v1\nkind: A\nmetadata: {name: x}\nstatus: {a: 1}\n---\napiVersion: example.com/v1\nkind: B\nmetadata: {name: x}\nstatus: {a: 1}\n",
    };
    const hasStatusSubresource = ({ kind }: { kind: string }): boolean => kind === "A";
    const { documents } = await renderFiles(files, request("", { hasStatusSubresource }));
    expect(documents.map(({ object }) => "status" in object)).to.deep.equal([false, true]);
    const without = await renderFiles(
      { "x.yaml": "apiVersion: example.com/v1\nkind: A\nmetadata: {name: x}\n" },
      request(""),
    );
    expect(documents[0]?.hash).to.equal(without.documents[0]?.hash);
  });

  it("refuses two documents for one object and names both places", async () => {
    const files = { "a.yaml": configMap("x"), "b.yaml": `---\n${configMap("w")}---\n${configMap("x", "shop")}` };
    expect(await problems(renderFiles(files, request("")))).to.deep.equal([
      "b.yaml:7 is also in a.yaml:1; remove one of the two",
    ]);
  });
});

describe("render: all or nothing", () => {
  it("collects every problem of every file", async () => {
    const files = {
      "a.yaml": configMap("good"),
      "b.yaml": "a: b: c\n---\nkind: A\n",
      "c.yaml": new Uint8Array([0xff, 0xfe, 0x41]),
      "d.yaml": { link: "/etc/passwd" },
    };
    const found = await problems(renderFiles(files, request("")));
    expect(found.map((problem) => problem.split(" ")[0])).to.deep.equal([
      "b.yaml:1",
      "b.yaml:3",
      "c.yaml:1",
      "d.yaml:1",
    ]);
  });

  it("sums them up in one kilobyte", async () => {
    const files = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`apps/file-${String(i).padStart(2, "0")}.yaml`, "a: b: c\n"]),
    );
    const error = await failureOf(renderFiles(files, request("apps")));
    expect(error.message).to.match(
      /^50 problems: apps\/file-00\.yaml:1:5: bad indentation of a mapping entry; apps\/file-01\.yaml:1:5: .*; and \d+ more$/,
    );
    expect(Buffer.byteLength(error.message)).to.be.lessThan(1024);
  });

  it("stays within the limits", async () => {
    const limits = { maxFileBytes: 200, maxDocuments: 100, maxFiles: 3, maxDepth: 3, maxTotalBytes: 300 };
    const big = `${configMap("a")}# ${"x".repeat(200)}\n`;
    expect(await problems(renderFiles({ "a.yaml": big }, request("", { limits })))).to.deep.equal([
      `a.yaml:1 ${fileTooLarge(200, Buffer.byteLength(big))}`,
    ]);
    const many = Object.fromEntries(
      ["a", "b", "c"].map((name) => [`${name}.yaml`, `${configMap(name)}# ${"x".repeat(60)}\n`]),
    );
    expect((await problems(renderFiles(many, request("", { limits }))))[0]).to.contain(
      "larger than 300 bytes together",
    );
    expect((await failureOf(renderFiles({ a: "", b: "", c: "", d: "" }, request("", { limits })))).message).to.equal(
      "more than 3 files",
    );
  });
});
