import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { repositoryRoot } from "../repository-root.js";
import { plainOf } from "./inline.js";
import { type Converted, convertMarkdown } from "./markdown.js";
import { pageHtml, type SitePage } from "./page.js";

/** What was built. */
export interface SiteReport {
  readonly pages: number;
  /** Links to pages, anchors or pictures that do not exist, as `file: target`. */
  readonly brokenLinks: readonly string[];
}

interface Source {
  readonly file: string;
  readonly text: string;
  readonly page: SitePage;
}

/** Titles of the sections by folder. */
const SECTIONS: Readonly<Record<string, string>> = {
  adr: "Decisions",
  cli: "Command line",
  documents: "Documents",
  extending: "Extending",
  git: "Git",
  resources: "Resources",
  runbooks: "Runbooks",
  secrets: "Secrets",
  sources: "Sources",
  sync: "Sync",
};

/** Builds the site of `README.md` and `docs/` into a directory, which is emptied first. */
export function buildSite(root: string, output: string): SiteReport {
  const sources = readSources(root);
  const pages = sources.map(({ page }) => page);
  const byFile = new Map(sources.map(({ file, page }) => [file, page]));
  rmSync(output, { recursive: true, force: true });
  const broken: string[] = [];
  const links: { from: string; file: string; anchor: string }[] = [];
  const converted = new Map<string, Converted>();
  for (const { file, text, page } of sources) {
    const up = "../".repeat(page.path.split("/").length - 1);
    const resolve = (target: string): string | undefined => {
      if (/^[a-z]+:/i.test(target)) return target;
      const [path = "", anchor = ""] = target.split("#");
      const wanted = path === "" ? file : posix.normalize(posix.join(posix.dirname(file), path));
      const linked = byFile.get(wanted) ?? byFile.get(posix.join(wanted, "README.md"));
      if (linked !== undefined) {
        links.push({ from: file, file: linked.path, anchor });
        return `${path === "" ? "" : up + linked.path}${anchor === "" ? "" : `#${anchor}`}`;
      }
      if (!existsSync(join(root, wanted))) broken.push(`${file}: ${target}`);
      if (!/\.(png|svg|jpg|webp)$/.test(wanted)) return undefined;
      const copy = wanted.replace(/^docs\//, "");
      write(output, copy, undefined, join(root, wanted));
      return up + copy;
    };
    const result = convertMarkdown(text, resolve);
    converted.set(page.path, result);
    write(output, page.path, pageHtml(page, result.html, pages, up));
  }
  for (const { from, file, anchor } of links)
    if (anchor !== "" && converted.get(file)?.headings.some((heading) => heading.anchor === anchor) !== true)
      broken.push(`${from}: ${file}#${anchor}`);
  const index = sources.map(({ page, text }) => indexEntry(page, text, converted.get(page.path)));
  write(output, "search-index.js", `globalThis.searchIndex = ${JSON.stringify(index)};\n`);
  for (const asset of ["style.css", "search.js"]) write(output, asset, undefined, join(root, "tools/site", asset));
  return { pages: pages.length, brokenLinks: broken };
}

function readSources(root: string): readonly Source[] {
  const files = (readdirSync(join(root, "docs"), { recursive: true }) as string[])
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file.split("\\").join("/")}`)
    .sort();
  return ["README.md", ...files].map((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const title = plainOf(/^# (.*)$/m.exec(text)?.[1] ?? file);
    const path = file
      .replace(/^docs\//, "")
      .replace(/README\.md$/, "index.md")
      .replace(/\.md$/, ".html");
    const folder = path.includes("/") ? (path.split("/")[0] ?? "") : "";
    const section = folder === "" ? (file === "README.md" ? "" : "Guide") : (SECTIONS[folder] ?? folder);
    return { file, text, page: { path, title, section } };
  });
}

/** Title, headings and words of a page, for the search. */
function indexEntry(page: SitePage, text: string, converted: Converted | undefined): object {
  const words = new Set(text.toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}.-]{2,40}/gu) ?? []);
  return {
    path: page.path,
    title: page.title,
    headings: (converted?.headings ?? []).slice(1).map(({ text: heading, anchor }) => [heading, anchor]),
    words: [...words].join(" "),
  };
}

function write(output: string, path: string, text: string | undefined, copyOf = ""): void {
  const file = join(output, path);
  mkdirSync(dirname(file), { recursive: true });
  if (text === undefined) copyFileSync(copyOf, file);
  else writeFileSync(file, text);
}

if (process.argv[1]?.endsWith("build-site.js")) {
  const output = join(repositoryRoot(), "build/site");
  const { pages, brokenLinks } = buildSite(repositoryRoot(), output);
  for (const link of brokenLinks) console.error(`broken link: ${link}`);
  console.log(`${pages} pages in build/site`);
  if (brokenLinks.length > 0) process.exitCode = 1;
}
