import { expect } from "chai";
import type { TreeLimits } from "../../../src/git/engine.js";
import type { Bench } from "./engine-contract.js";
import { expectGitError } from "./support/expect-error.js";
import { commitTree, treeRow, writeObject } from "./support/git-objects.js";

const LIMITS: TreeLimits = { maxFiles: 1000, maxDepth: 20 };

/** How snapshots read, and what they refuse to. */
export function describeReading(bench: Bench): void {
  describe("a snapshot", () => {
    it("tells the commit", async () => {
      const commit = await bench.repo.commit({ x: "1" }, "subject\n\nbody", {
        author: "Jo <jo@example.com>",
        date: 1_700_000_000,
      });
      await bench.fetchTip();
      expect((await bench.open(commit)).commit).to.deep.equal({
        id: commit,
        author: "Jo",
        email: "jo@example.com",
        time: 1_700_000_000,
        message: "subject\n\nbody",
      });
    });

    it("finds what stands at a path, and follows no symlink", async () => {
      await bench.repo.commit(
        { "apps/run": { content: "x", mode: "100755" }, link: { content: "apps", mode: "120000" } },
        "more",
      );
      const snapshot = await bench.open(await bench.fetchTip());
      const kind = async (path: string): Promise<string | undefined> => (await snapshot.treeAt(path))?.kind;
      for (const path of ["", ".", "./", "apps", "apps/", "./apps", "apps/."])
        expect(await kind(path), path).to.equal("tree");
      for (const path of ["apps/a.yaml", "apps/run", "./README.md"]) expect(await kind(path), path).to.equal("file");
      expect(await kind("link")).to.equal("symlink");
      for (const path of ["none", "apps/none", "apps/a.yaml/x", "link/a.yaml"])
        expect(await kind(path), path).to.equal(undefined);
    });

    it("gives one id for one content, whatever commit it is of", async () => {
      const before = await (await bench.open(await bench.fetchTip())).treeAt("apps");
      await bench.repo.commit({ "README.md": "# Other\n" }, "second");
      expect(await (await bench.open(await bench.fetchTip())).treeAt("apps")).to.deep.equal(before);
    });

    it("refuses paths that leave the repository or are none of its own", async () => {
      const snapshot = await bench.open(await bench.fetchTip());
      const paths = ["..", "../x", "apps/../..", "/etc", "/", "a\\b", "..\\x", "a\0b", ".git", "apps/.GIT/config"];
      for (const path of paths) {
        const error = await expectGitError("GIT_PATH_UNSAFE", () => snapshot.treeAt(path));
        expect(error.class, path).to.equal("terminal");
      }
    });

    it("lists files in byte order, with their kinds", async () => {
      const gitlink = "1".repeat(40);
      const blob = writeObject(bench.repo, "blob", "x");
      const inner = writeObject(bench.repo, "tree", treeRow("100755", "run", blob));
      const names = ["a", "a.b", "a0", "Z", "ü", "\u{1f600}", "\uff5e"];
      const rows = [
        ...names.map((name) => ["100644", name, blob]),
        ["120000", "link", blob],
        ["160000", "module", gitlink],
        ["40000", "dir", inner],
        ["100644", "dir-", blob],
        ["100644", "dir0", blob],
      ].map(([mode = "", name = "", id = ""]) => ({
        key: Buffer.from(mode === "40000" ? `${name}/` : name),
        row: treeRow(mode, name, id),
      }));
      const tree = Buffer.concat(rows.sort((x, y) => x.key.compare(y.key)).map(({ row }) => row));
      const commit = await commitTree(bench.repo, writeObject(bench.repo, "tree", tree));
      await bench.fetchTip();
      const snapshot = await bench.open(commit);
      const files = await snapshot.listFiles((await snapshot.treeAt(""))?.id ?? "", LIMITS);
      const paths = files.map(({ path }) => path);
      expect(paths).to.deep.equal(paths.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y))));
      expect(Object.fromEntries(files.map(({ path, kind }) => [path, kind]))).to.deep.include({
        "dir/run": "executable",
        link: "symlink",
        module: "submodule",
        a: "file",
      });
      expect(files.find(({ path }) => path === "module")?.blob).to.equal(gitlink);
    });

    it("holds the limits on files and depth", async () => {
      await bench.repo.commit({ "deep/1/2/3/x": "1" }, "deep");
      const snapshot = await bench.open(await bench.fetchTip());
      const root = (await snapshot.treeAt(""))?.id ?? "";
      const list = (limits: Partial<TreeLimits>) => snapshot.listFiles(root, { ...LIMITS, ...limits });
      expect(await list({ maxFiles: 4, maxDepth: 5 })).to.have.length(4);
      expect((await expectGitError("GIT_TREE_TOO_LARGE", () => list({ maxFiles: 3 }))).message).to.match(
        /more than 3 files/,
      );
      expect((await expectGitError("GIT_TREE_TOO_LARGE", () => list({ maxDepth: 4 }))).message).to.match(
        /more than 4 levels deep/,
      );
    });

    it("lists a tree of millions of files or of empty directories no further than allowed", async () => {
      const file = treeRow("100644", "x", writeObject(bench.repo, "blob", "x"));
      for (const leaf of [file, Buffer.alloc(0)]) await listNested(writeObject(bench.repo, "tree", leaf));
    });

    it("refuses directories and commits too large to be read into memory, and reads what comes next", async () => {
      const blob = writeObject(bench.repo, "blob", "x");
      const rows = Array.from({ length: 120_000 }, (_, index) => treeRow("100644", `${1_000_000 + index}`, blob));
      const large = writeObject(bench.repo, "tree", Buffer.concat(rows));
      const read = async (commit: string): Promise<unknown> => {
        await bench.repo.setBranch("main", commit);
        await bench.fetchTip();
        return (await bench.open(commit)).treeAt("x");
      };
      const { message } = await expectGitError("GIT_TREE_TOO_LARGE", async () =>
        read(await commitTree(bench.repo, large)),
      );
      expect(message).to.match(/has more than 100000 entries: divide it/);
      const person = "A <a@example.com> 1700000000 +0000";
      const tree = writeObject(bench.repo, "tree", treeRow("100644", "x", blob));
      const head = `tree ${tree}\nauthor ${person}\ncommitter ${person}\n\n`;
      const wordy = writeObject(bench.repo, "commit", head + "x".repeat(2 ** 21));
      expect((await expectGitError("GIT_TOO_LARGE", () => read(wordy))).message).to.match(/a shorter message/);
      expect(await read(await commitTree(bench.repo, tree))).to.deep.equal({ id: blob, kind: "file" });
    });

    async function listNested(leaf: string): Promise<void> {
      let tree = leaf;
      for (let level = 0; level < 12; level++) {
        tree = writeObject(
          bench.repo,
          "tree",
          Buffer.concat("abcdefgh".split("").map((name) => treeRow("40000", name, tree))),
        );
      }
      const commit = await commitTree(bench.repo, tree);
      await bench.fetchTip();
      const snapshot = await bench.open(commit);
      await expectGitError("GIT_TREE_TOO_LARGE", () => snapshot.listFiles(tree, LIMITS));
    }

    it("says so when there is no such file", async () => {
      const snapshot = await bench.open(await bench.fetchTip());
      await expectGitError("GIT_OBJECT_NOT_FOUND", () => snapshot.readBlob("1".repeat(40)));
      const tree = (await snapshot.treeAt("apps"))?.id ?? "";
      await expectGitError("GIT_OBJECT_NOT_FOUND", () => snapshot.readBlob(tree));
    });
  });

  describe("a hostile tree", () => {
    it("with names that lead elsewhere says so of each file, and harms nobody else", async () => {
      const names = ["..", ".", ".git", ".GIT", "git~1", ".g\u200cit", "a\\b", "a/b", "/abs"];
      const blob = writeObject(bench.repo, "blob", "canary");
      const trees = names.map((name) => writeObject(bench.repo, "tree", treeRow("100644", name, blob)));
      const good = writeObject(bench.repo, "tree", treeRow("100644", "a.yaml", blob));
      const rows = [...trees.map((tree, i) => treeRow("40000", `bad-${i}`, tree)), treeRow("40000", "good", good)];
      const commit = await commitTree(bench.repo, writeObject(bench.repo, "tree", Buffer.concat(rows)));
      await bench.fetchTip();
      const snapshot = await bench.open(commit);
      expect(await snapshot.listFiles(good, LIMITS)).to.have.length(1);
      expect((await snapshot.listFiles(good, LIMITS))[0]).not.to.have.property("fault");
      for (const [index, tree] of trees.entries()) {
        const [file, ...others] = await snapshot.listFiles(tree, LIMITS);
        expect(others).to.deep.equal([]);
        expect(file?.fault, names[index]).to.match(/^the name ".*" in the folder "." (contains a|is reserved)/);
      }
      const [below] = (await snapshot.listFiles((await snapshot.treeAt(""))?.id ?? "", LIMITS)).filter(
        ({ path }) => path === "bad-6/a\\b",
      );
      expect(below?.fault).to.include('in the folder "bad-6"');
    });

    it("with names that are not UTF-8 is listed, and its folder serves the others", async () => {
      const blob = writeObject(bench.repo, "blob", "x");
      const latin = writeObject(bench.repo, "tree", treeRow("100644", Buffer.from("caf\xe9.txt", "latin1"), blob));
      const rows = [
        treeRow("100644", "a.yaml", blob),
        treeRow("40000", Buffer.from("d\xe9", "latin1"), latin),
        treeRow("40000", "latin", latin),
      ];
      const commit = await commitTree(bench.repo, writeObject(bench.repo, "tree", Buffer.concat(rows)));
      await bench.fetchTip();
      const snapshot = await bench.open(commit);
      const root = (await snapshot.treeAt(""))?.id ?? "";
      const files = await snapshot.listFiles(root, LIMITS);
      expect(files.map(({ path, fault }) => [path, fault !== undefined])).to.deep.equal([
        ["a.yaml", false],
        ["d\ufffd/caf\ufffd.txt", true],
        ["latin/caf\ufffd.txt", true],
      ]);
      expect(files[2]?.fault).to.include('in the folder "latin" is not UTF-8');
      expect(await snapshot.listNames(root)).to.deep.equal(["a.yaml", "latin"]);
    });

    it("with names that come twice is not listed", async () => {
      const blob = writeObject(bench.repo, "blob", "x");
      const tree = writeObject(
        bench.repo,
        "tree",
        Buffer.concat([treeRow("100644", "a", blob), treeRow("100644", "a", blob)]),
      );
      const commit = await commitTree(bench.repo, tree);
      await bench.fetchTip();
      const snapshot = await bench.open(commit);
      await expectGitError("GIT_TREE_INVALID", () => snapshot.listFiles(tree, LIMITS));
    });

    it("that cannot be read at all is refused with its commit", async () => {
      const commit = await commitTree(bench.repo, writeObject(bench.repo, "tree", "no tree at all"));
      // Git itself stumbles over it when it packs; another server might send it.
      await bench.expectNothing(commit, "GIT_TREE_INVALID", "GIT_REMOTE_FAILED");
    });
  });
}
