import { posix } from "node:path";
import { globMatches } from "../argocd/project-windows.js";

/** The fields of a GitRepository of Flux that keep files from its artifact. */
export interface ArtifactRules {
  readonly ignore?: unknown;
  readonly sparseCheckout?: unknown;
}

/** What of a path is read. Globs as in `source.include` and `source.exclude`, relative to the path. */
export interface SelectedFiles {
  /** Unset: all files. */
  readonly include?: readonly string[];
  readonly exclude: readonly string[];
}

/** A pattern of `spec.ignore`. */
interface Pattern {
  readonly text: string;
  readonly isInclusion: boolean;
  readonly isFolder: boolean;
  /** Its parts between slashes; `**` stands for any number of folders. */
  readonly parts: readonly string[];
}

/** What a pattern means for a path: all of it, or the globs of what is in it; neither if it is elsewhere. */
interface Effect {
  readonly isAll: boolean;
  readonly globs: readonly string[];
}

/** Files that no renderer applies. */
const NO_MANIFEST = /\.(md|txt|png|jpe?g|gif|svg|pdf|sh|go|ts|js|py|rs|java|tf)$/i;

/**
 * Returns what of a path Flux puts into its artifact with these patterns, which are those of `.gitignore`: the last one that matches a file
 * or a folder above it decides. Returns the reason as a text if there are no equal globs.
 */
export function selectionOf(ignore: string, path: string): SelectedFiles | string {
  const folders = posix
    .normalize(path)
    .split("/")
    .filter((name) => name !== "" && name !== ".");
  let include: string[] | undefined;
  let exclude: string[] = [];
  for (const pattern of patternsOf(ignore)) {
    if (pattern.parts.some((part) => /[[\]{}()!\\]/.test(part) || part === ".."))
      return `the pattern ${pattern.text} has no equal glob here, which may use *, **, and ? only`;
    if (pattern.parts.some((part, at) => part === "**" && isFirstOnly(pattern, pattern.parts.slice(at + 1))))
      return `the pattern ${pattern.text} means the first folder only after ** in Flux, and has no equal glob here`;
    const { isAll, globs } = effectOf(pattern, folders);
    if (isAll) [include, exclude] = pattern.isInclusion ? [undefined, []] : [[], []];
    else if (!pattern.isInclusion) exclude.push(...globs.filter((glob) => !NO_MANIFEST.test(glob)));
    else if (globs.length > 0 && exclude.length > 0)
      return `the pattern ${pattern.text} takes back a part of those before it, which globs cannot`;
    else include?.push(...globs);
  }
  if (include?.length === 0) return `the patterns exclude the whole path ${path}`;
  return { ...(include === undefined ? {} : { include }), exclude };
}

/** Returns what of a path a GitRepository of Flux has in its artifact, and the fields that say so; or why that has no equal here. */
export function artifactOf(
  { ignore, sparseCheckout }: ArtifactRules,
  path: string,
): { readonly fields: readonly string[]; readonly selection: SelectedFiles | string } {
  const folders = Array.isArray(sparseCheckout)
    ? sparseCheckout.map((folder) => posix.join("/", String(folder)).replace(/\/$/, ""))
    : [];
  const sparse =
    folders.length === 0 || folders.includes("") ? "" : ["/*", ...folders.map((one) => `!${one}`)].join("\n");
  const ignored = typeof ignore === "string" ? ignore : "";
  const fields = [sparse === "" ? [] : ["spec.sparseCheckout"], ignored.trim() === "" ? [] : ["spec.ignore"]].flat();
  return { fields, selection: selectionOf(`${sparse}\n${ignored}`, path) };
}

function patternsOf(ignore: string): readonly Pattern[] {
  const lines = ignore.split("\n").filter((line) => !line.startsWith("#") && line.trim() !== "");
  return lines.flatMap((line) => {
    const text = line.trimEnd();
    const isInclusion = text.startsWith("!");
    const pattern = isInclusion ? text.slice(1) : text;
    const isFolder = pattern.endsWith("/");
    const names = (isFolder ? pattern.slice(0, -1) : pattern).split("/");
    // A name without a slash is that of a file or folder anywhere; two stars in it are one.
    if (names.length === 1)
      return [{ text, isInclusion, isFolder, parts: ["**", pattern.replace(/\/$/, "").replace(/\*+/g, "*")] }];
    const parts = names.filter((name) => name !== "");
    // As in Flux: stars beside other characters match nothing, nor do two of them alone.
    const isVoid = parts.every((part) => part === "**") || parts.some((part) => /\*\*/.test(part) && part !== "**");
    return isVoid ? [] : [{ text, isInclusion, isFolder, parts }];
  });
}

/**
 * Whether it matters that Flux only tries the first folder that fits the part after `**`. It does not for a name that hardly occurs twice in a
 * path, unless what it selects would be applied.
 */
function isFirstOnly({ isInclusion }: Pattern, [first = "", ...others]: readonly string[]): boolean {
  return others.some((part) => part !== "**") && (isInclusion || /[*?]/.test(first));
}

/** Matches the beginning of a pattern with the folders of a path; what is left of it is for what is in the path. */
function effectOf({ parts, isFolder }: Pattern, folders: readonly string[]): Effect {
  let states: readonly (readonly string[])[] = [parts];
  for (const folder of folders) {
    const next = states.flatMap((state) => statesAfter(state, folder));
    states = [...new Map(next.map((state) => [state.join("/"), state])).values()];
    if (states.some((state) => state.every((part) => part === "**"))) return { isAll: true, globs: [] };
  }
  const names = states.map((state) => state.filter((part) => part !== "**"));
  if (!isFolder && names.some((rest) => rest.length === 1 && rest[0] === "*")) return { isAll: true, globs: [] };
  return { isAll: false, globs: [...new Set(states.map((state) => [...state, ...(isFolder ? ["*"] : [])].join("/")))] };
}

function statesAfter(state: readonly string[], folder: string): readonly (readonly string[])[] {
  const [first, ...rest] = state;
  if (first === undefined) return [];
  if (first === "**") return [state, ...statesAfter(rest, folder)];
  return globMatches(first, folder) ? [rest] : [];
}
