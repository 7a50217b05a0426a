import { expect } from "chai";
import { FieldLineFinder } from "../../../../../src/controllers/overseer-app/sync/field-lines.js";
import type { GitSnapshot, TreeEntry } from "../../../../../src/git/engine.js";

const FILE = "kind: ConfigMap\ndata:\n  a: 1\n  b: 2\n";

/** A commit with files, and symbolic links written as `-> target`. */
function snapshotOf(files: Readonly<Record<string, string>>): GitSnapshot {
  const treeAt = async (path: string): Promise<TreeEntry | undefined> => {
    const text = files[path];
    if (text !== undefined) return { kind: text.startsWith("-> ") ? "symlink" : "file", id: path } as TreeEntry;
    return Object.keys(files).some((file) => file.startsWith(`${path}/`))
      ? ({ kind: "tree", id: path } as TreeEntry)
      : undefined;
  };
  const readBlob = async (id: string): Promise<Uint8Array> => Buffer.from((files[id] ?? "").replace(/^-> /, ""));
  return { treeAt, readBlob } as unknown as GitSnapshot;
}

describe("FieldLineFinder", () => {
  const snapshot = snapshotOf({
    "shared/base/x.yaml": FILE,
    "app/base": "-> ../shared/base",
    "app/one.yaml": "-> base/x.yaml",
    "app/out.yaml": "-> ../../etc/passwd",
  });
  const lineOf = async (file: string): Promise<number | undefined> =>
    (await new FieldLineFinder(snapshot).find({ origin: { file, line: 1 }, path: ["data", "b"] })).line;

  it("finds the line of a field in a file, also behind links to the file or its folder", async () => {
    for (const file of ["shared/base/x.yaml", "app/base/x.yaml", "app/one.yaml"])
      expect(await lineOf(file), file).to.equal(4);
  });

  it("returns the line of the document if the file cannot be read", async () => {
    for (const file of ["app/out.yaml", "app/none.yaml"]) expect(await lineOf(file), file).to.equal(1);
  });
});
