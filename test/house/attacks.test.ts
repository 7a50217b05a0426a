import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../tools/repository-root.js";

const ROW = /\| `([\w/.-]+\.test\.ts)`: (.+) \|$/;

/** Returns the tests that a page names. */
function named(page: string): { readonly file: string; readonly title: string }[] {
  const text = readFileSync(join(repositoryRoot(), page), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !/^\| (attack|case|class|---)/.test(line));
  return rows.map((row) => {
    const [, path = "", title = ""] = ROW.exec(row) ?? [];
    return { file: path.startsWith("unit/") ? `test/${path}` : `test/behaviour/${path}`, title };
  });
}

/** Returns the titles of tests, with "…" for what differs between tests of a table. */
function titlesOf(file: string): string[] {
  const path = join(repositoryRoot(), file);
  if (!existsSync(path)) return [];
  const titles = readFileSync(path, "utf8").matchAll(/^ +it\(\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`)/gm);
  return [...titles].map(([, plain, template = ""]) => plain ?? template.replaceAll(/\$\{[^}]*\}/g, "…"));
}

for (const [page, atLeast] of [
  ["docs/attacks.md", 40],
  ["docs/vulnerabilities.md", 30],
] as const)
  describe(`the tables of ${page}`, () => {
    it("name tests that exist, by their titles", () => {
      const rows = named(page);
      expect(rows.length).to.be.greaterThan(atLeast);
      const missing = rows.filter(({ file, title }) => !titlesOf(file).includes(title));
      expect(missing).to.deep.equal([]);
    });
  });

describe("the table of attacks", () => {
  it("has every test of attacks", () => {
    const file = "test/behaviour/gates/attacks.test.ts";
    const rows = named("docs/attacks.md").map(({ title }) => title);
    expect(titlesOf(file).filter((title) => !rows.includes(title))).to.deep.equal([]);
  });
});
