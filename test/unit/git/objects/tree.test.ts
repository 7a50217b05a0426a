import { expect } from "chai";
import { isSafeName, parseTree, treeCache } from "../../../../src/git/objects/tree.js";
import { expectGitError } from "../support/expect-error.js";
import { treeRow } from "../support/git-objects.js";

const A = "a".repeat(40);

describe("parseTree", () => {
  it("tells kinds by their mode, as Git does", () => {
    const modes = [
      ["100644", "file"],
      ["100664", "file"],
      ["100755", "executable"],
      ["120000", "symlink"],
      ["160000", "submodule"],
      ["40000", "tree"],
      ["040000", "tree"],
    ] as const;
    for (const [mode, kind] of modes) {
      expect(parseTree(treeRow(mode, "x", A), A)).to.deep.equal({
        rows: [{ name: "x", text: "x", id: A, kind }],
        flaw: undefined,
      });
    }
  });

  it("reads an empty tree", () => {
    expect(parseTree(Buffer.alloc(0), A).rows).to.deep.equal([]);
  });

  it("refuses what is too large, and caches no more than a limit of memory", async () => {
    const wide = (length: number): Buffer =>
      Buffer.concat(Array.from({ length }, (_, at) => treeRow("100644", `${1_000_000 + at}`, A)));
    const long = Buffer.concat(
      Array.from({ length: 2_100 }, (_, at) => treeRow("100644", `${1_000 + at}${"x".repeat(4_000)}`, A)),
    );
    await expectGitError("GIT_TREE_TOO_LARGE", () => parseTree(wide(100_001), A));
    await expectGitError("GIT_TREE_TOO_LARGE", () => parseTree(long, A));
    const largest = parseTree(wide(100_000), A);
    const cache = treeCache();
    cache.set("a", largest);
    expect(cache.size).to.equal(1);
    cache.set("b", largest);
    expect([...cache.keys()]).to.deep.equal(["b"]);
  });

  it("returns no name for invalid UTF-8", () => {
    expect(parseTree(treeRow("100644", Buffer.from([0x61, 0xff]), A), A).rows[0]?.name).to.equal(undefined);
    expect(parseTree(treeRow("100644", "\ufffd", A), A).rows[0]?.name).to.equal("\ufffd");
  });

  it("takes Git's order, in which a directory sorts as if a slash followed", () => {
    const rows = [treeRow("100644", "a.b", A), treeRow("40000", "a", A), treeRow("100644", "a0", A)];
    expect(parseTree(Buffer.concat(rows), A).flaw).to.equal(undefined);
    expect(parseTree(Buffer.concat(rows.toReversed()), A).flaw).to.match(/order/);
  });

  it("finds duplicate names, even if not adjacent", () => {
    const twice = [treeRow("100644", "a", A), treeRow("100644", "a", A)];
    const apart = [treeRow("100644", "a", A), treeRow("100644", "a-", A), treeRow("40000", "a", A)];
    for (const rows of [twice, apart]) expect(parseTree(Buffer.concat(rows), A).flaw).to.match(/twice/);
  });

  const broken: readonly [name: string, content: Buffer][] = [
    ["half a row", treeRow("100644", "a", A).subarray(0, -1)],
    ["no end of a name", Buffer.from("100644 a")],
    ["an unknown mode", treeRow("010000", "a", A)],
    ["no mode at all", treeRow("", "a", A)],
  ];
  for (const [name, content] of broken) {
    it(`refuses ${name}`, async () => {
      await expectGitError("GIT_TREE_INVALID", () => parseTree(content, A));
    });
  }
});

describe("isSafeName", () => {
  for (const name of [
    "..",
    ".",
    "",
    "a/b",
    "/a",
    "a\\b",
    ".git",
    ".GIT",
    ".git.",
    ".git ",
    "git~1",
    ".g\u200cit",
    ".git::$INDEX_ALLOCATION",
  ]) {
    it(`refuses ${JSON.stringify(name)}`, () => {
      expect(isSafeName(name)).to.equal(false);
    });
  }

  for (const name of [".gitignore", ".github", "...", "a..b", "git", "x.git", "git~10x", "ü", "a b", "-", "con"]) {
    it(`takes ${JSON.stringify(name)}`, () => {
      expect(isSafeName(name)).to.equal(true);
    });
  }
});
