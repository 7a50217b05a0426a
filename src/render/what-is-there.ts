import { isManifest } from "./manifest-files.js";
import type { RepositoryPath } from "./repository-path.js";
import type { SourceSelection } from "./request.js";
import { isHidden } from "./select.js";

/** So many files are named. */
const MAX_NAMES = 5;

/**
 * Why a source holds no document, and what is there instead. `selected` are those of the files that include and exclude leave
 * over; `anyName` as for the renderer.
 */
export function describeNothing(
  folder: RepositoryPath,
  files: readonly { readonly path: string }[],
  selected: readonly { readonly path: string }[],
  anyName: boolean,
  { plain }: Pick<SourceSelection, "plain"> = {},
): string {
  const place = `source.path ${JSON.stringify(folder === "" ? "." : folder)}`;
  if (files.length === 0) return `there is no file at ${place}`;
  const visible = files.filter(({ path }) => !isHidden(path));
  if (visible.length === 0)
    return `there are only hidden files at ${place}, which are never read: ${list(files.map(({ path }) => path))}`;
  if (plain?.recurse === false && visible.every(({ path }) => path.includes("/")))
    return `all files at ${place} are in folders below it, and source.plain.recurse is false; there is ${list(visible.map(({ path }) => path))}`;
  if (selected.length === 0) {
    return `no file at ${place} is left by source.include and source.exclude; there is ${list(files.map(({ path }) => path))}`;
  }
  const read = selected.filter((file) => anyName || isManifest(file));
  if (read.length === 0) {
    const names = list(selected.map(({ path }) => path));
    return `no file at ${place} ends in .yaml, .yml or .json; there is ${names}`;
  }
  return `the manifests at ${place} hold no document; there is ${list(read.map(({ path }) => path))}`;
}

function list(paths: readonly string[]): string {
  const shown = [...paths]
    .sort()
    .slice(0, MAX_NAMES)
    .map((path) => path.replace(/\p{Cc}/gu, "?").slice(0, 100));
  return `${shown.join(", ")}${paths.length > MAX_NAMES ? ` and ${paths.length - MAX_NAMES} more` : ""}`;
}
