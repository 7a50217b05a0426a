import type { TreeFile } from "../engine.js";
import { objectId } from "../pack/object-id.js";

const MODES: Readonly<Record<TreeFile["kind"] | "tree", string>> = {
  file: "100644",
  executable: "100755",
  symlink: "120000",
  submodule: "160000",
  tree: "40000",
};

/** Returns the ID that Git gives to a folder with these files, in a repository with SHA-1. Order does not matter. */
export function treeId(files: readonly Pick<TreeFile, "path" | "blob" | "kind">[]): string {
  const rows = new Map<string, { readonly kind: keyof typeof MODES; readonly id: string }>();
  const folders = new Map<string, Pick<TreeFile, "path" | "blob" | "kind">[]>();
  for (const { path, blob, kind } of files) {
    const slash = path.indexOf("/");
    if (slash < 0) rows.set(path, { kind, id: blob });
    else {
      const folder = path.slice(0, slash);
      const below = folders.get(folder) ?? [];
      below.push({ path: path.slice(slash + 1), blob, kind });
      folders.set(folder, below);
    }
  }
  for (const [name, below] of folders) rows.set(name, { kind: "tree", id: treeId(below) });
  // Git sorts a folder as if its name ended with a slash.
  const sorted = [...rows]
    .map(([name, row]) => ({
      ...row,
      name: Buffer.from(name),
      key: Buffer.from(row.kind === "tree" ? `${name}/` : name),
    }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  const parts = sorted.flatMap(({ kind, id, name }) => [
    Buffer.from(`${MODES[kind]} `),
    name,
    Buffer.from([0]),
    Buffer.from(id, "hex"),
  ]);
  return objectId("tree", Buffer.concat(parts)).toString("hex");
}
