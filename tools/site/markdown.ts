import { escapeHtml, htmlOf, plainOf, type ResolveLink } from "./inline.js";

/** A heading, and its anchor as on GitHub. */
export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly anchor: string;
}

/** A converted page. */
export interface Converted {
  readonly html: string;
  readonly headings: readonly Heading[];
}

/** The anchor that GitHub gives to a heading. */
export function anchorOf(text: string): string {
  return plainOf(text)
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

/** Converts the Markdown that the documentation uses: headings, paragraphs, lists, tables, code, quotes, and comments, which are dropped. */
export function convertMarkdown(text: string, resolve: ResolveLink): Converted {
  const headings: Heading[] = [];
  const lines = text.replace(/<!--[\s\S]*?-->/g, "").split("\n");
  const html = new Blocks(resolve, headings).convert(lines);
  return { html, headings };
}

const FENCE = /^(\s*)(```+|~~~+)\s*([\w-]*)/;
const ITEM = /^(\s*)([-*]|\d+\.)\s+(.*)$/;

class Blocks {
  readonly #resolve: ResolveLink;
  readonly #headings: Heading[];

  constructor(resolve: ResolveLink, headings: Heading[]) {
    this.#resolve = resolve;
    this.#headings = headings;
  }

  convert(lines: readonly string[]): string {
    const html: string[] = [];
    for (let at = 0; at < lines.length; ) {
      const line = lines[at] ?? "";
      const rest = lines.slice(at);
      const block =
        line.trim() === ""
          ? { html: "", used: 1 }
          : (this.#code(rest) ??
            this.#heading(rest) ??
            this.#table(rest) ??
            this.#list(rest) ??
            this.#quote(rest) ??
            this.#paragraph(rest));
      html.push(block.html);
      at += block.used;
    }
    return html.filter((part) => part !== "").join("\n");
  }

  #code(lines: readonly string[]): Block | undefined {
    const [, indent = "", fence = "", language = ""] = FENCE.exec(lines[0] ?? "") ?? [];
    if (fence === "") return undefined;
    const end = lines.findIndex((line, index) => index > 0 && line.trim() === fence);
    const body = lines
      .slice(1, end < 0 ? undefined : end)
      .map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
    const name = language === "" ? "" : ` class="${language}"`;
    const code = `<pre tabindex="0"><code${name}>${escapeHtml(body.join("\n"))}</code></pre>`;
    // Nothing draws diagrams here, since a program that does is larger than a page may be.
    const html = language === "mermaid" ? `<details><summary>Diagram, as text</summary>${code}</details>` : code;
    return { html, used: (end < 0 ? lines.length : end) + 1 };
  }

  #heading([line = ""]: readonly string[]): Block | undefined {
    const [, marks = "", text = ""] = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line) ?? [];
    if (marks === "") return undefined;
    const base = anchorOf(text);
    const same = this.#headings.filter(({ anchor }) => anchor.replace(/-\d+$/, "") === base).length;
    const anchor = same === 0 ? base : `${base}-${same}`;
    this.#headings.push({ level: marks.length, text: plainOf(text), anchor });
    return {
      html: `<h${marks.length} id="${escapeHtml(anchor)}">${htmlOf(text, this.#resolve)}</h${marks.length}>`,
      used: 1,
    };
  }

  #table(lines: readonly string[]): Block | undefined {
    if (!/^\s*\|/.test(lines[0] ?? "") || !/^\s*\|[\s:|-]+\|\s*$/.test(lines[1] ?? "")) return undefined;
    const end = lines.findIndex((line) => !/^\s*\|/.test(line));
    const rows = lines.slice(0, end < 0 ? undefined : end);
    const cells = (row: string, tag: string): string =>
      cellsOf(row)
        .map((cell) => `<${tag}>${htmlOf(cell, this.#resolve)}</${tag}>`)
        .join("");
    const [head = "", , ...body] = rows;
    const html = `<div class="table" tabindex="0"><table><thead><tr>${cells(head, "th")}</tr></thead><tbody>${body.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n")}</tbody></table></div>`;
    return { html, used: rows.length };
  }

  #list(lines: readonly string[]): Block | undefined {
    const [, indent = "", mark] = ITEM.exec(lines[0] ?? "") ?? [];
    if (mark === undefined) return undefined;
    const ordered = /\d/.test(mark);
    const items: string[][] = [];
    let used = 0;
    for (const line of lines) {
      const item = ITEM.exec(line);
      const depth = /^\s*/.exec(line)?.[0].length ?? 0;
      const isBlank = line.trim() === "";
      if (item !== null && depth === indent.length) {
        if (/\d/.test(item[2] ?? "") !== ordered) break;
        items.push([item[3] ?? ""]);
      } else if (isBlank || depth > indent.length || (item === null && !isBlank && lines[used - 1]?.trim() !== ""))
        items.at(-1)?.push(line);
      else break;
      used++;
    }
    const tag = ordered ? "ol" : "ul";
    return { html: `<${tag}>${items.map((item) => `<li>${this.#item(item)}</li>`).join("\n")}</${tag}>`, used };
  }

  /** The first lines of an item are its text; what is indented may be a block of its own. */
  #item([first = "", ...more]: readonly string[]): string {
    const start = more.findIndex(
      (line) => line.trim() === "" || ITEM.test(line) || FENCE.test(line) || /^\s*\|/.test(line),
    );
    const text = [first, ...(start < 0 ? more : more.slice(0, start))].map((line) => line.trim()).join(" ");
    const indents = more.filter((line) => line.trim() !== "").map((line) => /^\s*/.exec(line)?.[0].length ?? 0);
    const indent = Math.min(...indents, 99);
    const blocks =
      start < 0 ? "" : this.convert(more.slice(start).map((line) => line.slice(Math.min(indent, line.length))));
    return `${htmlOf(text, this.#resolve)}${blocks}`;
  }

  #quote(lines: readonly string[]): Block | undefined {
    if (!/^\s*>/.test(lines[0] ?? "")) return undefined;
    const end = lines.findIndex((line) => !/^\s*>/.test(line));
    const quoted = lines.slice(0, end < 0 ? undefined : end);
    return {
      html: `<blockquote>${this.convert(quoted.map((line) => line.replace(/^\s*> ?/, "")))}</blockquote>`,
      used: quoted.length,
    };
  }

  #paragraph(lines: readonly string[]): Block {
    const end = lines.findIndex(
      (line, index) =>
        index > 0 && (line.trim() === "" || FENCE.test(line) || /^(#{1,6}\s|\s*\||\s*>|\s*[-*] |\s*1\. )/.test(line)),
    );
    const own = lines.slice(0, end < 0 ? undefined : end);
    return { html: `<p>${htmlOf(own.map((line) => line.trim()).join(" "), this.#resolve)}</p>`, used: own.length };
  }
}

interface Block {
  readonly html: string;
  readonly used: number;
}

/** Cells of a row. A bar that is escaped, or in code, is text. */
function cellsOf(row: string): readonly string[] {
  const bare = row.trim().replace(/^\||\|$/g, "");
  return bare.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
