import { GitError } from "../errors.js";

/** One submodule of `.gitmodules`. */
export interface SubmoduleEntry {
  readonly name: string;
  /** Path in the repository, without a slash at the end. */
  readonly path: string;
  readonly url: string;
  /** Line of its url. */
  readonly line: number;
}

/** File that lists the submodules of a repository. */
export const GITMODULES = ".gitmodules";

/** Characters of a line, as many as a path may have on Linux. */
const MAX_LINE = 4_096;

const SECTION = /^\[\s*submodule\s+"((?:[^"\\]|\\.)*)"\s*\]\s*(?:[#;].*)?$/i;
const OTHER_SECTION = /^\[[^\]]*\]\s*(?:[#;].*)?$/;
const FIELD = /^([A-Za-z][A-Za-z0-9-]*)\s*=\s*(.*)$/;

interface Section {
  readonly name: string;
  readonly line: number;
  path?: string;
  url?: { readonly value: string; readonly line: number };
}

/**
 * Parses `.gitmodules` (gitmodules(5)); only `path` and `url` matter. Throws `GIT_SUBMODULE_INVALID` with the line for syntax that
 * Git rejects, for names and paths that lead out of the repository, and for paths that occur twice.
 */
export function parseGitmodules(text: string): readonly SubmoduleEntry[] {
  const sections: Section[] = [];
  let current: Section | undefined;
  text.split(/\r?\n/).forEach((full, index) => {
    const line = index + 1;
    const content = full.trim();
    if (content === "" || content.startsWith("#") || content.startsWith(";")) return;
    if (content.length > MAX_LINE) throw invalid(line, `has more than ${MAX_LINE} characters`);
    const section = SECTION.exec(content);
    if (section !== null) {
      current = { name: (section[1] ?? "").replace(/\\(.)/g, "$1"), line };
      sections.push(current);
    } else if (OTHER_SECTION.test(content)) current = undefined;
    else takeField(current, content, line);
  });
  return checked(sections);
}

function takeField(section: Section | undefined, content: string, line: number): void {
  const [, key = "", raw = ""] = FIELD.exec(content) ?? [];
  // A key without a value is a boolean in Git.
  if (key === "" && !/^[A-Za-z][A-Za-z0-9-]*$/.test(content))
    throw invalid(line, "is not a line of a Git configuration");
  if (section === undefined) return;
  const value = unquoted(raw);
  if (value === undefined) throw invalid(line, "has a value with an unfinished quote or an unknown escape");
  if (key.toLowerCase() === "path") section.path = value.replace(/\/+$/, "");
  if (key.toLowerCase() === "url") section.url = { value, line };
}

function checked(sections: readonly Section[]): SubmoduleEntry[] {
  const entries: SubmoduleEntry[] = [];
  for (const { name, line, path, url } of sections) {
    const shown = JSON.stringify(name.slice(0, 100));
    if (name === "" || !name.split(/[/\\]/).every((part) => part !== ".."))
      throw invalid(line, `names the submodule ${shown}, which is not a valid name`);
    if (path === undefined || url === undefined) continue;
    const isInside =
      path !== "" && !path.startsWith("/") && !path.split(/[/\\]/).some((part) => part === ".." || part === ".");
    if (!isInside) throw invalid(line, `has the submodule ${shown} with a path outside the repository`);
    if (entries.some((entry) => entry.path === path))
      throw invalid(line, `has a second submodule at ${JSON.stringify(path)}`);
    entries.push({ name, path, url: url.value, line: url.line });
  }
  return entries;
}

/** Removes quotes, escapes and comments from a value; undefined if it is malformed. */
function unquoted(raw: string): string | undefined {
  let value = "";
  let isQuoted = false;
  for (let at = 0; at < raw.length; at++) {
    const char = raw[at] as string;
    if (char === '"') isQuoted = !isQuoted;
    else if (char === "\\") {
      const escaped = { n: "\n", t: "\t", b: "\b", '"': '"', "\\": "\\" }[raw[++at] ?? ""];
      if (escaped === undefined) return undefined;
      value += escaped;
    } else if (!isQuoted && (char === "#" || char === ";")) break;
    else value += char;
  }
  return isQuoted ? undefined : value.trim();
}

function invalid(line: number, what: string): GitError {
  return new GitError("GIT_SUBMODULE_INVALID", `${GITMODULES}:${line} ${what}: correct the file`);
}
