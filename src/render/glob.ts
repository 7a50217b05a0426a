import { UnsupportedSourceError } from "./render-error.js";

const MAX_PATTERNS = 64;
const MAX_LENGTH = 256;
/** What `{a,b}{c,d}…` of all patterns of a field may stand for. */
const MAX_ALTERNATIVES = 256;

/** One alternative of a pattern: its parts between slashes; `**` stands for any number of them. */
type Parts = readonly string[];

/**
 * Whether a path matches one of the patterns. `*` and `?` stay within a folder, `**` crosses folders, `{a,b}` is either.
 * A pattern that matches a folder takes everything in it.
 *
 * Patterns and paths come from tenants. Libraries turn globs into regular expressions, and a pattern with a few stars then
 * takes hours for a name chosen for that purpose; this matcher never goes back further than the last star, so its
 * time is at most the length of the pattern times that of the path.
 *
 * @throws UnsupportedSourceError naming the field and the pattern.
 */
export function compileGlobs(field: string, patterns: readonly string[]): (path: string) => boolean {
  return matcherOf(parsePatterns(field, patterns).map((parts) => [...parts, "**"]));
}

/**
 * Like `compileGlobs`, but a pattern that matches a folder does not match what is in it.
 *
 * @throws UnsupportedSourceError naming the field and the pattern.
 */
export function compileExactGlobs(field: string, patterns: readonly string[]): (path: string) => boolean {
  return matcherOf(parsePatterns(field, patterns));
}

/**
 * Returns the folders in which all matches of the patterns are: their beginnings without wildcards, without the last part.
 *
 * @throws UnsupportedSourceError naming the field and the pattern.
 */
export function fixedFolders(field: string, patterns: readonly string[]): readonly string[] {
  const folders = parsePatterns(field, patterns).map((parts) => {
    const wild = parts.findIndex((part) => /[*?]/.test(part));
    return parts.slice(0, wild < 0 ? parts.length - 1 : Math.min(wild, parts.length - 1)).join("/");
  });
  const all = [...new Set(folders)].sort();
  return all.filter((folder) => !all.some((other) => other !== folder && isWithin(folder, other)));
}

function isWithin(folder: string, other: string): boolean {
  return other === "" || folder.startsWith(`${other}/`);
}

function matcherOf(alternatives: readonly Parts[]): (path: string) => boolean {
  return (path) => {
    const parts = path.split("/");
    return alternatives.some((alternative) => matchParts(alternative, parts));
  };
}

/**
 * Whether a folder may hold paths that match one of the patterns.
 *
 * @throws UnsupportedSourceError naming the field and the pattern.
 */
export function compileFolderGlobs(field: string, patterns: readonly string[]): (folder: string) => boolean {
  const alternatives = parsePatterns(field, patterns).map((parts) => [...parts, "**"]);
  return (folder) => {
    const parts = folder.split("/");
    return alternatives.some((alternative) => {
      const crossing = alternative.indexOf("**");
      const fixed = alternative.slice(0, crossing === -1 ? undefined : crossing);
      return parts.every((part, at) => at >= fixed.length || matchPart(fixed[at] ?? "", part));
    });
  };
}

function parsePatterns(field: string, patterns: readonly string[]): Parts[] {
  if (patterns.length > MAX_PATTERNS) {
    throw new UnsupportedSourceError(`${field} holds more than ${MAX_PATTERNS} patterns; join some with {a,b}`);
  }
  const alternatives: Parts[] = [];
  for (const pattern of patterns) {
    const glob = pattern
      .slice(0, MAX_LENGTH + 1)
      .replace(/^(?:\.?\/)+/, "")
      .replace(/\/+$/, "");
    const expanded = faultOf(pattern, glob) ?? expandBraces(glob, MAX_ALTERNATIVES - alternatives.length);
    if (typeof expanded === "string") {
      throw new UnsupportedSourceError(
        `${field}: the pattern ${JSON.stringify(pattern.slice(0, MAX_LENGTH))} ${expanded}`,
      );
    }
    alternatives.push(...expanded.map((text) => text.split("/").filter((part) => part !== "")));
  }
  return alternatives;
}

function faultOf(pattern: string, glob: string): string | undefined {
  if (glob === "") return "is empty";
  if (pattern.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`;
  if (/[()[\]!\\]|\p{Cc}/u.test(glob)) return "may use *, **, ? and {a,b} only, and none of ()[]!\\";
  return glob.split("/").includes("..") ? "may not leave the source path" : undefined;
}

/** All texts that a pattern with braces stands for; otherwise what is wrong with it. */
function expandBraces(glob: string, max: number): string[] | string {
  let open = [glob];
  for (;;) {
    const next = open.flatMap((text) => {
      const inner = /\{([^{}]*)\}/.exec(text);
      if (!inner) return [text];
      const [before, after] = [text.slice(0, inner.index), text.slice(inner.index + inner[0].length)];
      return (inner[1] ?? "").split(",").map((choice) => `${before}${choice}${after}`);
    });
    if (next.length > max) return `stands for too many others; all of a field may be ${MAX_ALTERNATIVES}`;
    if (next.length === open.length && next.every((text, index) => text === open[index])) break;
    open = next;
  }
  return open.some((text) => /[{}]/.test(text)) ? "has a brace without its other half" : open;
}

function matchParts(pattern: Parts, path: readonly string[]): boolean {
  return matchWithStars(pattern, "**", path, matchPart);
}

function matchPart(pattern: string, name: string): boolean {
  return matchWithStars(pattern, "*", name, (wanted, char) => wanted === "?" || wanted === char);
}

/**
 * Whether `items` match `pattern` one by one, where `star` in the pattern stands for any number of items. After a
 * mismatch only the last star is given one item more: what came before it can stay as it is.
 */
function matchWithStars(
  pattern: ArrayLike<string>,
  star: string,
  items: ArrayLike<string>,
  fits: (wanted: string, item: string) => boolean,
): boolean {
  let at = 0;
  let item = 0;
  let lastStar = -1;
  let resume = 0;
  while (item < items.length) {
    const wanted = pattern[at];
    if (wanted === star) {
      lastStar = at++;
      resume = item;
    } else if (wanted !== undefined && fits(wanted, items[item] ?? "")) {
      at++;
      item++;
    } else if (lastStar >= 0) {
      at = lastStar + 1;
      item = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[at] === star) at++;
  return at === pattern.length;
}
