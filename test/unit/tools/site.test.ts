import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { buildSite } from "../../../tools/site/build-site.js";
import { htmlOf } from "../../../tools/site/inline.js";
import { anchorOf, convertMarkdown } from "../../../tools/site/markdown.js";

const same = (target: string): string => target;

describe("the Markdown of the documentation", () => {
  const CASES: readonly (readonly [string, string])[] = [
    ["a `b|c` **d** *e*", "a <code>b|c</code> <strong>d</strong> <em>e</em>"],
    ["[`a`](b.md#c) and [d](e)", '<a href="b.md#c"><code>a</code></a> and <a href="e">d</a>'],
    ["![a](b.png)", '<img src="b.png" alt="a" loading="lazy">'],
    ['<script>&"`<b>`', "&lt;script&gt;&amp;&quot;<code>&lt;b&gt;</code>"],
    ["a*b*c 2 * 3 * 4 spec.*", "a*b*c 2 * 3 * 4 spec.*"],
    ["see https://example.com/x.", 'see <a href="https://example.com/x">https://example.com/x</a>.'],
    ["`[a](b)`", "<code>[a](b)</code>"],
    ["**a `b`**: c", "<strong>a <code>b</code></strong>: c"],
    ["**[a](b)** and `**c**`", '<strong><a href="b">a</a></strong> and <code>**c**</code>'],
    ["[**a**](b) **c** d", '<a href="b"><strong>a</strong></a> <strong>c</strong> d'],
  ];
  it("is converted within lines, and other HTML is text", () => {
    for (const [text, html] of CASES) expect(htmlOf(text, same), text).to.equal(html);
  });

  it("is converted by blocks", () => {
    const html = (text: string): string => convertMarkdown(text, same).html;
    expect(html("a\nb\n\nc")).to.equal("<p>a b</p>\n<p>c</p>");
    expect(html("- a\n  b\n- c\n  - d")).to.equal("<ul><li>a b</li>\n<li>c<ul><li>d</li></ul></li></ul>");
    expect(html("1. a\n2. b\n\ntext")).to.equal("<ol><li>a</li>\n<li>b</li></ol>\n<p>text</p>");
    expect(html("- a\n\n  ```sh\n  x\n  ```\n")).to.equal(
      '<ul><li>a<pre tabindex="0"><code class="sh">x</code></pre></li></ul>',
    );
    expect(html("| a | b |\n| --- | --- |\n| c \\| d | `e` |")).to.equal(
      '<div class="table" tabindex="0"><table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>c | d</td><td><code>e</code></td></tr></tbody></table></div>',
    );
    expect(html("> a\n> b")).to.equal("<blockquote><p>a b</p></blockquote>");
    expect(html("```\n<a>\n# b\n```")).to.equal('<pre tabindex="0"><code>&lt;a&gt;\n# b</code></pre>');
    expect(html("```mermaid\na --> b\n```")).to.equal(
      '<details><summary>Diagram, as text</summary><pre tabindex="0"><code class="mermaid">a --&gt; b</code></pre></details>',
    );
    expect(html("<!-- a\nb -->c")).to.equal("<p>c</p>");
  });

  it("has anchors as on GitHub", () => {
    expect(anchorOf("What `overseer get` is, and isn't")).to.equal("what-overseer-get-is-and-isnt");
    expect(convertMarkdown("# A\n## A\n## A", same).headings.map(({ anchor }) => anchor)).to.deep.equal([
      "a",
      "a-1",
      "a-2",
    ]);
  });
});

describe("the documentation as a site", function () {
  this.timeout(60_000);
  let output: string;
  let report: ReturnType<typeof buildSite>;
  before(() => {
    output = mkdtempSync(join(tmpdir(), "overseer-site-"));
    report = buildSite(repositoryRoot(), output);
  });
  after(() => rmSync(output, { recursive: true, force: true }));
  const pages = (): string[] =>
    (readdirSync(output, { recursive: true }) as string[]).filter((file) => file.endsWith(".html"));

  it("has a page for every document, and no broken link", () => {
    expect(report.brokenLinks).to.deep.equal([]);
    expect(report.pages).to.equal(pages().length);
    expect(pages().length).to.be.greaterThan(100);
  });

  it("loads nothing from elsewhere", () => {
    for (const page of pages()) {
      const html = readFileSync(join(output, page), "utf8");
      expect(html.match(/<(?:script|link|img|iframe)[^>]+(?:src|href)="(?:https?:)?\/\/[^"]*"/g), page).to.equal(null);
      expect(html, page).to.include("default-src 'none'");
    }
  });

  it("needs at most 100 kB for a first page, compressed as by a server", () => {
    const size = (file: string): number => gzipSync(readFileSync(join(output, file))).length;
    const common = size("style.css") + size("search.js");
    const pictures = (html: string): number =>
      [...html.matchAll(/<img src="([^"]+)"/g)].reduce(
        (sum, [, file = ""]) => sum + statSync(join(output, file)).size,
        0,
      );
    const first = size("index.html") + common + pictures(readFileSync(join(output, "index.html"), "utf8"));
    expect(first).to.be.at.most(100_000);
    const large = pages().filter((page) => size(page) + common > 100_000);
    expect(large).to.deep.equal([]);
  });
});
