import { lstatSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Returns a path with all symbolic links resolved, as Docker mounts it. The part that does not exist stays as it is. A path that
 * cannot be resolved, for example a link to itself, becomes `/`, so that it counts as outside of every directory.
 */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT") || path === "/") return "/";
    if (isDanglingLink(path)) return "/";
    return join(realPath(dirname(path)), basename(path));
  }
}

function isDanglingLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
