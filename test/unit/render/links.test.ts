import { expect } from "chai";
import { linkedContent, linksBelow } from "../../../src/render/source-links.js";
import { configMap, failureOf, renderFiles, request } from "./support/harness.js";
import { type MemoryFile, MemorySnapshot } from "./support/memory-snapshot.js";

type Files = Readonly<Record<string, MemoryFile>>;

/** Place and name of each document. */
async function rendered(files: Files, path: string, rest: Parameters<typeof request>[1] = {}): Promise<string[]> {
  const { documents } = await renderFiles(files, request(path, rest));
  return documents.map(({ origin, id }) => `${origin.file} ${id.name}`).sort();
}

const SHARED = { "shared/base.d/cm.yaml": configMap("shared"), "app/real/cm.yaml": configMap("real") };

describe("symbolic links within a repository", () => {
  const followed: readonly [name: string, files: Files, expected: string[]][] = [
    [
      "to folders of the source and elsewhere, each file being read once",
      { ...SHARED, "app/alias": { link: "real" }, "app/base.d": { link: "../shared/base.d" } },
      ["app/base.d/cm.yaml shared", "app/real/cm.yaml real"],
    ],
    [
      "to a file elsewhere",
      { ...SHARED, "app/one.yaml": { link: "../shared/base.d/cm.yaml" } },
      ["app/one.yaml shared", "app/real/cm.yaml real"],
    ],
    [
      "to a file over a folder that is a link itself",
      { ...SHARED, current: { link: "shared" }, "app/one.yaml": { link: "../current/base.d/cm.yaml" } },
      ["app/one.yaml shared", "app/real/cm.yaml real"],
    ],
    [
      "to a folder that holds links, which are relative to where it is",
      { ...SHARED, "app/s": { link: "../shared" }, "shared/more": { link: "../more" }, "more/m.yaml": configMap("m") },
      ["app/real/cm.yaml real", "app/s/base.d/cm.yaml shared", "app/s/more/m.yaml m"],
    ],
    [
      "to one folder by two names, which is read once",
      { "app/a": { link: "../shared" }, "app/b": { link: "../shared" }, ...SHARED },
      ["app/a/base.d/cm.yaml shared", "app/real/cm.yaml real"],
    ],
    [
      "whose names end in .yaml and that lead to a folder",
      { ...SHARED, "app/x.yaml": { link: "../shared" } },
      ["app/real/cm.yaml real", "app/x.yaml/base.d/cm.yaml shared"],
    ],
    [
      "to files that are no manifests, or to nothing, by names that are none",
      { ...SHARED, LICENSE: "x", "app/LICENSE": { link: "../LICENSE" }, "app/gone.md": { link: "AGENTS.md" } },
      ["app/real/cm.yaml real"],
    ],
  ];
  for (const [name, files, expected] of followed) {
    it(`are followed: ${name}`, async () => expect(await rendered(files, "app")).to.deep.equal(expected));
  }

  it("are followed on the way to source.path, to a folder or a file", async () => {
    const files = { ...SHARED, current: { link: "shared" }, "one.yaml": { link: "app/real/cm.yaml" } };
    expect(await rendered(files, "current/base.d")).to.deep.equal(["shared/base.d/cm.yaml shared"]);
    expect(await rendered(files, "one.yaml")).to.deep.equal(["app/real/cm.yaml real"]);
  });

  it("can be left out, and chosen, by the paths that they have in the source", async () => {
    const files = {
      ...SHARED,
      "app/s": { link: "../shared" },
      "app/out": { link: "/etc" },
      "app/.git-x": { link: "/" },
    };
    expect(await rendered(files, "app", { exclude: ["s", "out"] })).to.deep.equal(["app/real/cm.yaml real"]);
    expect(await rendered(files, "app", { include: ["s/**"] })).to.deep.equal(["app/s/base.d/cm.yaml shared"]);
  });

  it("that lead out of the repository are refused where they may stand for manifests or a folder", async () => {
    for (const name of ["configs", "base.d", "v1.2", "x.yaml", "conf/x.json"]) {
      const error = await failureOf(
        renderFiles({ ...SHARED, [`app/${name}`]: { link: "../../../etc" } }, request("app")),
      );
      expect(error.message).to.include(`app/${name}:1`).and.include('out of the repository, to "../../');
    }
  });

  it("that lead out of the repository are a note where their names are those of other files", async () => {
    for (const name of ["tool.sh", "conf/notes.md", "logo.png", "app.tar.gz"]) {
      for (const target of ["/usr/bin/x", "../../../x"]) {
        const { documents, notes } = await renderFiles(
          { ...SHARED, [`app/${name}`]: { link: target } },
          request("app"),
        );
        expect(documents.map(({ id }) => id.name)).to.deep.equal(["real"]);
        expect(notes.map(({ origin, message }) => `${origin?.file}: ${message}`)).to.deep.equal([
          `app/${name}: the symbolic link leads out of the repository, to "${target}"; it is ignored`,
        ]);
      }
    }
  });

  it("that lead to a path of a machine are a note, whatever folder they may be named like", async () => {
    for (const name of ["bin/kubectl", "result", "conf.d"]) {
      const files = { ...SHARED, [`app/${name}`]: { link: "/usr/bin/x" } };
      const { documents, notes, unread } = await renderFiles(files, request("app"));
      expect(documents.map(({ id }) => id.name)).to.deep.equal(["real"]);
      expect(notes.map(({ origin, message }) => `${origin?.file}: ${message}`)).to.deep.equal([
        `app/${name}: the symbolic link leads out of the repository, to "/usr/bin/x"; it is ignored`,
      ]);
      expect(unread).to.equal(undefined);
    }
  });

  it("that lead to a folder that they are in are a note: its files are read where they are", async () => {
    for (const [path, link] of [
      ["app/latest", "."],
      ["app/real/up", ".."],
      ["app/real/top", "../.."],
      ["app/deep/er/latest", "../../real/.."],
    ] as const) {
      const { documents, notes, unread } = await renderFiles({ ...SHARED, [path]: { link } }, request("app"));
      expect(documents.map(({ id }) => id.name)).to.deep.equal(["real"]);
      expect(notes.map(({ origin, message }) => `${origin?.file}: ${message}`)).to.deep.equal([
        `${path}: the symbolic link leads to "${path === "app/real/top" ? "." : "app"}", a folder that it is in; it is ignored`,
      ]);
      expect(unread).to.equal(undefined);
    }
  });

  const unreadable: readonly [name: string, link: string, fault: string][] = [
    ["base.d", "../gone", 'leads to "gone", which does not exist'],
    ["shop.example.com", "../gone", 'leads to "gone", which does not exist'],
    ["v1.2", "../gone/v1.2", 'leads to "gone/v1.2", which does not exist'],
    ["charts", "charts", "leads over more than 8 others, or to itself"],
    ["vendor", "../module", 'leads to the submodule "module", which is not read'],
  ];
  for (const [name, link, fault] of unreadable) {
    it(`that cannot be read and are named like a folder keep the objects that may be behind them: ${name}`, async () => {
      const files: Files = { ...SHARED, [`app/${name}`]: { link }, module: "submodule" };
      const { documents, notes, unread } = await renderFiles(files, request("app"));
      const until = "nothing is pruned until the link is corrected or removed, or excluded with source.exclude";
      expect(documents.map(({ id }) => id.name)).to.deep.equal(["real"]);
      expect(unread).to.equal(`app/${name}: the symbolic link ${fault}; ${until}`);
      expect(notes.map(({ message }) => message)).to.deep.equal([
        `the symbolic link ${fault}; it is ignored, and ${until}`,
      ]);
      for (const selection of [{ exclude: [name] }, { include: ["real/*.yaml"] }])
        expect((await renderFiles(files, request("app", selection))).unread).to.equal(undefined);
      for (const include of [`${name}/*.yaml`, "**/*.yaml", "*/cm.yaml"])
        expect((await renderFiles(files, request("app", { include: [include] }))).unread).to.be.a("string");
    });
  }

  it("that cannot be read keep nothing where their names are those of other files", async () => {
    for (const name of ["README.md", "nginx.conf", "logo.PNG", "deploy.sh"]) {
      const files = { ...SHARED, [`app/${name}`]: { link: "../gone" } };
      expect((await renderFiles(files, request("app"))).unread).to.equal(undefined);
    }
  });

  it("that would bring more than a source may have are refused, in a bounded time", async () => {
    // Each folder holds two links to the next: 2^20 ways.
    const files: Record<string, MemoryFile> = { "l20/x.yaml": configMap("x") };
    for (let level = 0; level < 20; level++)
      for (const name of ["a", "b"]) files[`l${level}/${name}`] = { link: `../l${level + 1}` };
    const error = await failureOf(renderFiles(files, request("l0")));
    expect(error.message).to.include("is within the folders of 4 other links");
  });
});

describe("the input key's part for symbolic links", () => {
  const limits = { maxFiles: 100, maxDepth: 9 };
  async function digest(files: Files, exclude: string[] = []): Promise<string | undefined> {
    const snapshot = new MemorySnapshot(files);
    const links = await linksBelow(snapshot, (await snapshot.treeAt("app"))?.id ?? "", limits);
    return linkedContent(snapshot, "app", links, { path: "app", exclude }, limits);
  }

  it("is there only for sources that have links", async () => {
    expect(await digest(SHARED)).to.equal(undefined);
    expect(await digest({ ...SHARED, "app/s": { link: "../shared" } }, ["s"])).to.equal(undefined);
    expect(await digest({ ...SHARED, "app/s": { link: "../shared" } })).to.be.a("string");
  });

  it("changes with what a link leads to, and with nothing else", async () => {
    const files = { ...SHARED, "app/s": { link: "../shared" }, "app/f.yaml": { link: "../f" }, f: "x", other: "1" };
    const before = await digest(files);
    expect(await digest({ ...files, other: "2" })).to.equal(before);
    const changes: Files[] = [
      { ...files, "shared/base.d/cm.yaml": configMap("other") },
      { ...files, "shared/new.yaml": configMap("new") },
      { ...files, f: "y" },
      { ...files, "app/s": { link: "../app/real" } },
    ];
    for (const changed of changes) expect(await digest(changed)).not.to.equal(before);
    const { f: _, ...gone } = files;
    expect(await digest(gone)).not.to.equal(before);
  });

  it("needs no list of a tree that it has seen", async () => {
    const snapshot = new MemorySnapshot(SHARED);
    const known = { tree: "tree:app", links: [] };
    expect(await linksBelow(snapshot, "tree:app", { maxFiles: 0, maxDepth: 0 }, known)).to.equal(known);
  });
});

describe("names that Git allows", () => {
  const unit = "units/dev-disk-by\\x2dlabel-data.mount";

  it("do not matter in files that are no manifests", async () => {
    const files = { "cm.yaml": configMap("a"), [unit]: "[Mount]\n", "a\\b/c.txt": "" };
    expect(await rendered(files, "")).to.deep.equal(["cm.yaml a"]);
    expect(await rendered(files, "", { include: ["*.yaml"] })).to.deep.equal(["cm.yaml a"]);
    expect(await rendered(files, "", { exclude: ["units"] })).to.deep.equal(["cm.yaml a"]);
  });

  it("are refused in manifests, with their place, unless those are left out", async () => {
    const files = { "cm.yaml": configMap("a"), "apps/x\\y.yaml": configMap("b"), "apps\\c/d.yaml": configMap("d") };
    const error = await failureOf(renderFiles(files, request("")));
    expect(error.message).to.include("2 problems").and.include("apps/x\\y.yaml:1").and.include("contains a backslash");
    expect(error.message).to.include("rename it, or leave it out with source.exclude");
    expect(await rendered(files, "", { include: ["*.yaml"] })).to.deep.equal(["cm.yaml a"]);
    expect(await rendered(files, "", { exclude: ["apps/x*", "apps?c"] })).to.deep.equal(["cm.yaml a"]);
  });
});

describe("the hint for a path that is not there", () => {
  const hint = async (files: Files, path: string): Promise<string> =>
    (await failureOf(renderFiles(files, request(path)))).message;

  it("needs the names of one folder only, however large and odd the rest of the repository is", async () => {
    const many = Object.fromEntries(Array.from({ length: 20_001 }, (_, at) => [`vendor/${at}`, ""]));
    const files = { ...many, "vendor/a\\b": "", "deploy/a.yaml": configMap("a") };
    expect(await hint(files, "deplo")).to.match(/did you mean "deploy"\?$/);
    expect(await hint(files, "deploy/b.yaml")).to.match(/did you mean "deploy\/a.yaml"\?$/);
  });

  it("finds a name among many", async () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`service-${at}/x.yaml`, ""]));
    expect(await hint({ ...many, "zebra/x.yaml": "" }, "zebr")).to.match(/did you mean "zebra"\?$/);
  });

  it("names what is there when nothing is like it", async () => {
    expect(await hint({ "apps/x.yaml": "", "a\\b": "" }, "zzz")).to.include('; there is "apps"');
  });
});
