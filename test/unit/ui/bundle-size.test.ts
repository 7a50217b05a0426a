import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import type { Metafile } from "esbuild";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { UI_FOLDER, UI_METAFILE } from "../../../tools/ui-files.js";

const MOST_AT_FIRST_LOAD = 60 * 1024;
const MOST_PER_CHUNK = 25 * 1024;
/** The page that people open first. */
const FIRST_PAGE = "ui/src/pages/apps/apps-page.tsx";

describe("the bundles of the web UI", () => {
  const root = repositoryRoot();
  const { outputs } = JSON.parse(readFileSync(join(root, UI_METAFILE), "utf8")) as Metafile;
  const zipped = (name: string): number => gzipSync(readFileSync(join(root, UI_FOLDER, name)), { level: 9 }).length;
  const outputOf = (entryPoint: string): string | undefined =>
    Object.keys(outputs).find((name) => outputs[name]?.entryPoint === entryPoint);

  /** An output and all that it imports statically. */
  function withImports(names: readonly (string | undefined)[]): Set<string> {
    const all = new Set(names.filter((name) => name !== undefined));
    for (const name of all)
      for (const { path, kind } of outputs[name]?.imports ?? []) if (kind === "import-statement") all.add(path);
    return all;
  }

  it(`are at most ${MOST_AT_FIRST_LOAD / 1024} KiB, compressed, until the list of apps is shown`, () => {
    const entries = [outputOf("ui/src/main.tsx"), outputOf("ui/styles/main.css"), outputOf(FIRST_PAGE)];
    expect(entries[0]).to.be.a("string");
    expect(entries[1]).to.be.a("string");
    const sizes = ["index.html", ...withImports(entries)].map(zipped);
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.be.at.most(MOST_AT_FIRST_LOAD);
  });

  it(`have no page of more than ${MOST_PER_CHUNK / 1024} KiB, compressed`, () => {
    const first = withImports([outputOf("ui/src/main.tsx")]);
    const later = Object.keys(outputs).filter((name) => name.endsWith(".js") && !first.has(name));
    expect(later.filter((name) => zipped(name) > MOST_PER_CHUNK)).to.deep.equal([]);
  });
});
