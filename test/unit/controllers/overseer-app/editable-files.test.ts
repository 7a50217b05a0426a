import { expect } from "chai";
import type { AppSource } from "../../../../src/api/inputs.js";
import { editableFiles } from "../../../../src/controllers/overseer-app/promotion/editable-files.js";
import type { GitSnapshot } from "../../../../src/git/engine.js";

const KIB = 1024;
const LIMITS = { maxFiles: 10_000, maxDepth: 100 };
const VERSIONS = [
  { from: { kind: "Image", name: "web", tag: "1.9" }, to: { kind: "Image", name: "web", tag: "1.10" } },
] as const;
const SOURCE = { path: "prod" } as AppSource;

/** A directory `prod` with these files. */
function snapshotOf(files: Readonly<Record<string, string>>): GitSnapshot {
  const listed = Object.keys(files).map((path) => ({ path, blob: path, kind: "file" }));
  return {
    treeAt: async () => ({ kind: "tree", id: "tree" }),
    listFiles: async () => listed,
    readBlob: async (blob: string) => Buffer.from(files[blob] ?? ""),
  } as unknown as GitSnapshot;
}

describe("files of an app that may be edited", () => {
  const pad = (text: string): string => text.padEnd(250 * KIB, " ");

  it("are those with a version to replace, and 2 MiB of them at most", async () => {
    const files: Record<string, string> = {};
    for (let index = 0; index < 20; index++) {
      files[`a${index}.yaml`] = pad("image: web:1.8");
      files[`b${index}.yaml`] = pad("image: web:1.9");
    }
    const found = await editableFiles(snapshotOf(files), [{ source: SOURCE }], [], VERSIONS, LIMITS);
    expect(found.map(({ path }) => path)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7].map((index) => `prod/b${index}.yaml`));
  });

  it("have the document of an app without a namespace only if all of them were read", async () => {
    const app = "kind: OverseerApp\nmetadata: { name: web }\n";
    const onlyApp = { namespace: "prod", name: "web", isNamespaceRequired: false };
    const required = async (files: Readonly<Record<string, string>>): Promise<readonly (boolean | undefined)[]> =>
      (await editableFiles(snapshotOf(files), [{ source: SOURCE, onlyApp }], [], VERSIONS, LIMITS)).map(
        (file) => file.onlyApp?.isNamespaceRequired,
      );
    expect(await required({ "a.yaml": app, "b.yaml": "kind: Pod\n" })).to.deep.equal([false]);
    expect(await required({ "a.yaml": app, "b.yaml": `${app}# ${"x".repeat(300 * KIB)}` })).to.deep.equal([true]);
  });
});
