/** Resolves the target of a link or picture; undefined if it is no part of the site. */
export type ResolveLink = (target: string) => string | undefined;

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Converts code, links, pictures, bold and italics of a line of Markdown to HTML. Other HTML than `<br>` is shown as text. */
export function inlineHtml(text: string, resolve: ResolveLink): string {
  const parts = text.split(/(`+)(.+?)\1(?!`)/);
  let html = "";
  for (let index = 0; index < parts.length; index += 3) {
    html += withoutCode(parts[index] ?? "", resolve);
    const code = parts[index + 2];
    if (code !== undefined) html += `<code>${escapeHtml(code.trim())}</code>`;
  }
  return html;
}

const LINK = /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)/;

const BOLD = /[*]{2}\S(?:.*?\S)?[*]{2}/;

/** Links and bold text may contain code, which is a part of its own then. So they are found before code is. */
export function htmlOf(text: string, resolve: ResolveLink): string {
  const protectedText = text.replace(/`[^`]*`|\\[*]/g, (code) => "\u0000".repeat(code.length));
  const found = LINK.exec(protectedText);
  const bold = BOLD.exec(protectedText);
  if (bold !== null && bold.index < (found?.index ?? text.length)) {
    const [marked] = bold;
    const inner = htmlOf(text.slice(bold.index + 2, bold.index + marked.length - 2), resolve);
    const rest = htmlOf(text.slice(bold.index + marked.length), resolve);
    return `${inlineHtml(text.slice(0, bold.index), resolve)}<strong>${inner}</strong>${rest}`;
  }
  if (found === null) return inlineHtml(text, resolve);
  const start = found.index;
  const [whole, picture, , target = ""] = found;
  const label = text.slice(start + (picture ?? "").length + 1, start + whole.length - target.length - 3);
  const resolved = resolve(target);
  const before = inlineHtml(text.slice(0, start), resolve);
  const after = htmlOf(text.slice(start + whole.length), resolve);
  if (picture === "!")
    return `${before}${resolved === undefined ? escapeHtml(label) : `<img src="${escapeHtml(resolved)}" alt="${escapeHtml(label)}" loading="lazy">`}${after}`;
  const shown = htmlOf(label, resolve);
  return `${before}${resolved === undefined ? shown : `<a href="${escapeHtml(resolved)}">${shown}</a>`}${after}`;
}

function withoutCode(text: string, _resolve: ResolveLink): string {
  return escapeHtml(text.replace(/\\([|<>*_`[\]\\])/g, "$1"))
    .replace(/&lt;br ?\/?&gt;/g, "<br>")
    .replace(/&amp;(lt|gt|amp|#\d+);/g, "&$1;")
    .replace(/(^|[^\w*])\*([^\s*](?:[^*]*[^\s*])?)\*(?!\w)/g, "$1<em>$2</em>")
    .replace(/(^|[\s(])(https?:\/\/[^\s<>)]+[^\s<>).,:;])/g, '$1<a href="$2">$2</a>');
}

/** The text of a line without marks of Markdown. */
export function plainOf(text: string): string {
  return text.replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");
}
