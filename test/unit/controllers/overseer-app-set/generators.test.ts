import { expect } from "chai";
import fc from "fast-check";
import {
  clusterParameters,
  parameterAnnotations,
  selectorText,
} from "../../../../src/controllers/overseer-app-set/generators/clusters.js";
import { combine, limitApps, under } from "../../../../src/controllers/overseer-app-set/generators/combine.js";
import { listParameters } from "../../../../src/controllers/overseer-app-set/generators/generate.js";
import { fileParameters } from "../../../../src/controllers/overseer-app-set/generators/git-files.js";
import { folderParameters } from "../../../../src/controllers/overseer-app-set/generators/git-folders.js";
import type { Generated, ParameterSet } from "../../../../src/controllers/overseer-app-set/parameters.js";
import { compileExactGlobs, fixedFolders } from "../../../../src/render/glob.js";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const paths = (sets: readonly ParameterSet[]): unknown[] => sets.map(({ origin }) => origin.replace("folder ", ""));

describe("The generator of Git folders", () => {
  const files = [
    "README.md",
    "apps/a/x.yaml",
    "apps/b/deep/y.yaml",
    "apps/.hidden/z.yaml",
    "other/c/x.yaml",
    "apps/notes",
  ];
  const folders = (patterns: readonly string[], exclude: readonly string[] = []): unknown[] =>
    paths(
      folderParameters(
        { folders: [...patterns], exclude: [...exclude] },
        files.map((path) => ({ path })),
        "spec.generators[0].gitFolders",
      ),
    );

  it("yields the folders that match exactly, without files, hidden folders and excluded ones", () => {
    expect(folders(["apps/*"])).to.deep.equal(["apps/a", "apps/b"]);
    expect(folders(["apps/**"])).to.deep.equal(["apps", "apps/a", "apps/b", "apps/b/deep"]);
    expect(folders(["*/{a,c}"])).to.deep.equal(["apps/a", "other/c"]);
    expect(folders(["apps/**"], ["apps/b"])).to.deep.equal(["apps", "apps/a"]);
    expect(folders(["nothing/*"])).to.deep.equal([]);
    expect(() => folders(["../*"])).to.throw(/gitFolders\.folders.*may not leave/);
  });

  it("describes a folder by path, basename and segments", () => {
    const [one] = folderParameters({ folders: ["apps/*"] }, [{ path: "apps/a/x" }], "f");
    expect(one?.values).to.deep.equal({ path: { path: "apps/a", basename: "a", segments: ["apps", "a"] } });
    expect([...(one?.fromGit ?? [])]).to.deep.equal(["path"]);
  });

  it("rejects a matching folder whose name cannot be used, but not one with a single bad file", () => {
    const bad = { path: "apps/a\ufffd/x", fault: "the name is not valid" };
    expect(() => folderParameters({ folders: ["apps/*"] }, [bad], "f")).to.throw("f: the name is not valid");
    const sets = folderParameters(
      { folders: ["apps/*"] },
      [{ path: "apps/a/bad", fault: "no" }, { path: "apps/a/good" }],
      "f",
    );
    expect(paths(sets)).to.deep.equal(["apps/a"]);
  });

  it("marks a folder that is a submodule, unless submodules are read", () => {
    const submodulesOf = (readsSubmodules: boolean) =>
      folderParameters(
        { folders: ["apps/*"] },
        [
          { path: "apps/a", kind: "submodule" },
          { path: "apps/b", kind: "file" },
          { path: "apps/c/x", kind: "file" },
        ],
        "f",
        readsSubmodules,
      ).map(({ origin, submodule }) => [origin, submodule]);
    expect(submodulesOf(false)).to.deep.equal([
      ["folder apps/a", "apps/a"],
      ["folder apps/c", undefined],
    ]);
    expect(submodulesOf(true)).to.deep.equal([
      ["folder apps/a", undefined],
      ["folder apps/c", undefined],
    ]);
    const [marked] = under("folder", folderParameters({ folders: ["a"] }, [{ path: "a", kind: "submodule" }], "f"));
    expect(marked).to.include({ submodule: "a" });
  });

  it("reads only the folders in which matches can be", () => {
    expect(fixedFolders("f", ["apps/*", "apps/x/*", "infra/base"])).to.deep.equal(["apps", "infra"]);
    expect(fixedFolders("f", ["**/x", "a/*"])).to.deep.equal([""]);
    const part = fc.constantFrom("a", "b", "*", "**", "a?");
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.array(fc.constantFrom("a", "b", "ab"), { minLength: 1, maxLength: 4 }),
        (pattern, path) => {
          const text = path.join("/");
          if (!compileExactGlobs("f", [pattern.join("/")])(text)) return;
          const [folder = ""] = fixedFolders("f", [pattern.join("/")]);
          expect(folder === "" || `${text}/`.startsWith(`${folder}/`), `${pattern.join("/")} in ${folder}`).to.equal(
            true,
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("The generator of Git files", () => {
  it("yields the fields of a YAML or JSON file, or of each item of a list, and where it is", () => {
    const path = { path: "clusters/eu", basename: "eu", segments: ["clusters", "eu"], filename: "app.yaml" };
    const [one] = fileParameters(bytes("tier: gold\nreplicas: 3\n"), "clusters/eu/app.yaml");
    expect(one?.values).to.deep.equal({ tier: "gold", replicas: 3, path });
    expect([...(one?.fromGit ?? [])]).to.deep.equal(["tier", "replicas", "path"]);
    const list = fileParameters(bytes('[{"a": 1}, {"a": 2}]'), "x.json");
    expect(list.map(({ values, origin }) => [values.a, origin])).to.deep.equal([
      [1, "file x.json, item 1"],
      [2, "file x.json, item 2"],
    ]);
  });

  const faults: readonly (readonly [text: string, message: RegExp])[] = [
    ["just text", /the file a\.yaml must hold an object/],
    ["[1]", /must hold an object, or a list of objects/],
    ["path: x", /has the field path/],
    ["a: 1\n---\nb: 2", /a\.yaml:\d+.*second document/],
    ["a: [", /a\.yaml:\d+/],
    ["", /the file is empty/],
    [`a: ${"x".repeat(200_000)}`, /has 200003 bytes, more than 131072/],
  ];
  for (const [text, message] of faults) {
    it(`rejects ${JSON.stringify(text.slice(0, 20))}`, () => {
      expect(() => fileParameters(bytes(text), "a.yaml")).to.throw(message);
    });
  }

  it("never fails otherwise than by naming the file", () => {
    expect(() => fileParameters(new Uint8Array([0xff, 0xfe]), "a.yaml")).to.throw(/a\.yaml is not UTF-8/);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          fileParameters(bytes(text), "a.yaml");
        } catch (error) {
          expect((error as { reason?: string }).reason, String(error)).to.equal("GeneratorFailed");
        }
      }),
    );
  });
});

describe("The generator of clusters", () => {
  it("yields names, labels and permitted annotations, never one that may hold the Secret", () => {
    const annotations = parameterAnnotations({
      "parameter.gitops.overseer.io/region": "eu",
      "kubectl.kubernetes.io/last-applied-configuration": "secret",
    });
    expect(annotations).to.deep.equal({ region: "eu" });
    const sets = clusterParameters([
      { name: "b", labels: {}, annotations: {} },
      { name: "a", labels: { tier: "x" }, annotations },
    ]);
    expect(sets.map(({ values }) => values)).to.deep.equal([
      { name: "a", metadata: { labels: { tier: "x" }, annotations: { region: "eu" } } },
      { name: "b", metadata: { labels: {}, annotations: {} } },
    ]);
  });

  it("writes selectors as the API server reads them", () => {
    const matchExpressions = [
      { key: "tier", operator: "In" as const, values: ["b", "a"] },
      { key: "old", operator: "DoesNotExist" as const },
      { key: "x", operator: "Exists" as const },
      { key: "y", operator: "NotIn" as const, values: ["z"] },
    ];
    expect(selectorText({ matchLabels: { b: "2", a: "1" }, matchExpressions })).to.equal(
      "a=1,b=2,tier in (a,b),!old,x,y notin (z)",
    );
  });
});

describe("A matrix", () => {
  const generated = (field: string, ...values: Record<string, string>[]): Generated => ({
    field,
    sets: listParameters(values, field),
    empty: values.length === 0 ? [field] : [],
  });

  it("combines each with each, and tells which part is empty", () => {
    const { sets } = combine("m", generated("x", { a: "1" }, { a: "2" }), generated("y", { b: "3" }, { b: "4" }));
    expect(sets.map(({ values }) => values)).to.deep.equal([
      { a: "1", b: "3" },
      { a: "1", b: "4" },
      { a: "2", b: "3" },
      { a: "2", b: "4" },
    ]);
    expect(combine("m", generated("x"), generated("y", { b: "3" })).empty).to.deep.equal(["x"]);
  });

  it("rejects parameters of the same name, unless one has a name of its own", () => {
    const one = generated("x", { a: "1" });
    expect(() => combine("m", one, one)).to.throw("m: both generators have the parameter a");
    const named = { ...one, sets: under("left", one.sets) };
    expect(combine("m", named, one).sets[0]?.values).to.deep.equal({ left: { a: "1" }, a: "1" });
  });

  it("rejects more apps than a set may have, before it combines them", () => {
    const many = generated("x", ...Array.from({ length: 1000 }, (_, n) => ({ a: String(n) })));
    expect(() => combine("m", many, many)).to.throw("m would make 1000000 apps, more than 5000");
    expect(() => limitApps([many, many, many, many, many, many])).to.throw("would make 6000 apps");
  });

  it("keeps what comes from Git marked", () => {
    const git = folderParameters({ folders: ["*"] }, [{ path: "a/x" }], "f");
    const sets = under("left", git);
    expect([...(sets[0]?.fromGit ?? [])]).to.deep.equal(["left"]);
    const { sets: joined } = combine("m", { field: "x", sets, empty: [] }, generated("y", { b: "1" }));
    expect([...(joined[0]?.fromGit ?? [])]).to.deep.equal(["left"]);
  });
});
