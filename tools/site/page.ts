import { escapeHtml } from "./inline.js";

/** A page of the site. */
export interface SitePage {
  /** Path of its HTML file. */
  readonly path: string;
  readonly title: string;
  /** Folder that it belongs to in the navigation; empty for the first ones. */
  readonly section: string;
}

/** Content security policy: nothing comes from elsewhere. */
const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'";

/** The HTML of a page. `root` is the path from the page to the root of the site, such as `../`. */
export function pageHtml(page: SitePage, body: string, pages: readonly SitePage[], root: string): string {
  const sections = [...new Set(pages.map(({ section }) => section))];
  const link = (one: SitePage): string =>
    `<li><a href="${escapeHtml(root + one.path)}"${one === page ? ' aria-current="page"' : ""}>${escapeHtml(one.title)}</a></li>`;
  const list = (section: string): string => {
    const links = pages
      .filter((one) => one.section === section)
      .map(link)
      .join("");
    if (section === "") return `<ul>${links}</ul>`;
    return `<details${section === page.section ? " open" : ""}><summary>${escapeHtml(section)}</summary><ul>${links}</ul></details>`;
  };
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeHtml(page.title)} – Overseer GitOps</title>
<link rel="stylesheet" href="${root}style.css">
<script defer src="${root}search.js" data-root="${root}"></script>
</head>
<body>
<a class="skip" href="#content">Skip to content</a>
<header>
<a class="home" href="${root}index.html">Overseer GitOps</a>
<search><label for="search" class="hidden">Search the documentation</label><input id="search" type="search" placeholder="Search" autocomplete="off"><ul id="found" hidden></ul></search>
</header>
<div class="columns">
<details class="menu"><summary>All pages</summary><nav aria-label="Pages">${sections.map(list).join("")}</nav></details>
<main id="content">
${body}
</main>
</div>
</body>
</html>
`;
}
