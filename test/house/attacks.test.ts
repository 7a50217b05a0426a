import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../tools/repository-root.js";

const ROW = /\| `([\w/.-]+\.test\.ts)`: (.+) \|$/;

/** Returns the tests that docs/attacks.md names. */
function named(): { readonly file: string; readonly title: string }[] {
  const text = readFileSync(join(repositoryRoot(), "docs/attacks.md"), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| ") && !/^\| (attack|case|---)/.test(line));
  return rows.map((row) => {
    const [, path = "", title = ""] = ROW.exec(row) ?? [];
    return { file: path.startsWith("unit/") ? `test/${path}` : `test/behaviour/${path}`, title };
  });
}

function titlesOf(file: string): string[] {
  const path = join(repositoryRoot(), file);
  if (!existsSync(path)) return [];
  return [...readFileSync(path, "utf8").matchAll(/^ +it\(\s*"((?:[^"\\]|\\.)*)"/gm)].map(([, title = ""]) => title);
}

describe("the table of attacks", () => {
  it("names tests that exist, by their titles", () => {
    const rows = named();
    expect(rows.length).to.be.greaterThan(40);
    const missing = rows.filter(({ file, title }) => !titlesOf(file).includes(title));
    expect(missing).to.deep.equal([]);
  });

  it("has every test of attacks", () => {
    const file = "test/behaviour/gates/attacks.test.ts";
    const rows = named().map(({ title }) => title);
    expect(titlesOf(file).filter((title) => !rows.includes(title))).to.deep.equal([]);
  });
});
