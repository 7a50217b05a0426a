import { isManifest } from "./manifest-files.js";
import type { RepositoryPath } from "./repository-path.js";

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
): string {
  const place = `source.path ${JSON.stringify(folder === "" ? "." : folder)}`;
  if (files.length === 0) return `there is no file at ${place}`;
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
