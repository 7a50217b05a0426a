import { expect } from "chai";
import type { GitRepository } from "../../../../src/api/git-repository.js";
import { ProblemError } from "../../../../src/http/problem.js";
import type { Readable } from "../../../../src/server/rest/identity/reading-rights.js";
import { meets, parseQuery, type Searchable } from "../../../../src/server/rest/lists/query.js";
import { repositoryListRow } from "../../../../src/server/rest/lists/repository-row.js";
import { type ListRow, parseSort, select } from "../../../../src/server/rest/lists/window.js";

const KEYS = ["health", "ns"];

function row(name: string, health: string, changed: number, labels: Record<string, string> = {}): ListRow<string> {
  const fields = { health, ns: "shop" };
  const text = `shop/${name} main@sha1:abc out of memory`;
  return { key: `shop/${name}`, namespace: "shop", name, row: name, fields, labels, text, columns: { name, changed } };
}

describe("Filters of lists", () => {
  const subject: Searchable = row("web", "degraded", 1, { team: "x", "app.kubernetes.io/name": "web" });
  const cases: readonly (readonly [string, boolean])[] = [
    ["", true],
    ["   ", true],
    ["health:degraded", true],
    ["HEALTH:Degraded", true],
    ["health:healthy", false],
    ["health:healthy,degraded", true],
    ["-health:degraded", false],
    ["-health:healthy ns:shop", true],
    ["ns:shop health:healthy", false],
    ["label:team=x", true],
    ["label:team=y", false],
    ["label:team", true],
    ["-label:team=x", false],
    ["label:app.kubernetes.io/name=web", true],
    ["label:__proto__", false],
    ["health:degraded\tns:prod", false],
    ["health:degraded\u00a0\n ns:prod", false],
    ["memory", true],
    ['"out of memory"', true],
    ['"memory of"', false],
    ['-"out of memory"', false],
    ["web memory", true],
    ['health:"degraded"', true],
    ['"unclosed', false],
    ["-", false],
  ];
  for (const [text, wanted] of cases) {
    it(`${wanted ? "match" : "do not match"} by ${JSON.stringify(text)}`, () => {
      expect(parseQuery(text, KEYS).every((term) => meets(term, subject))).to.equal(wanted);
    });
  }

  it("compare labels of repositories whatever their case", () => {
    const metadata = { name: "web", namespace: "shop", labels: { Team: "Shop" } };
    const repository = { metadata, spec: { url: "https://git.example.com/web" } } as unknown as GitRepository;
    const [term] = parseQuery("label:Team=Shop", KEYS);
    expect(term !== undefined && meets(term, repositoryListRow(repository))).to.equal(true);
  });

  it("name the known fields for a typo, and limit the number of terms", () => {
    expect(() => parseQuery("helth:x", KEYS)).to.throw(ProblemError, "use one of health, ns, label");
    expect(() => parseQuery("a ".repeat(33), KEYS)).to.throw(ProblemError, "more than 32 terms");
  });
});

describe("Windows of lists", () => {
  const rows = [row("b", "healthy", 2), row("a", "degraded", 1), row("c", "healthy", 3)];
  const all = { knows: () => true, signature: "" };
  const everything = { includes: () => true, ...all };
  const choose = (q: string, sort: string, readable: Readable = everything) => {
    const terms = parseQuery(q, KEYS);
    return select(rows, { terms, sort: parseSort(sort, ["name", "changed"], "name"), readable, facets: ["health"] });
  };
  const names = (selected: ReturnType<typeof choose>): string[] => selected.rows.map(({ name }) => name);

  it("are sorted by columns, in either order, and by name at the end", () => {
    expect(names(choose("", "name"))).to.deep.equal(["a", "b", "c"]);
    expect(names(choose("", "-changed"))).to.deep.equal(["c", "b", "a"]);
    expect(() => parseSort("-age", ["name"], "name")).to.throw(ProblemError, "must be up to 4 of name");
  });

  it("count each field as if it were not filtered by, and other filters count", () => {
    expect(choose("health:degraded", "name").facets).to.deep.equal({ health: { healthy: 2, degraded: 1 } });
    expect(choose("health:degraded shop/b", "name").facets).to.deep.equal({ health: { healthy: 1 } });
    expect(names(choose("health:degraded", "name"))).to.deep.equal(["a"]);
  });

  it("neither contain nor count what the user may not read", () => {
    const selected = choose("", "name", { includes: (_, name) => name === "b", ...all });
    expect([names(selected), selected.facets]).to.deep.equal([["b"], { health: { healthy: 1 } }]);
  });
});
