import { readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** Returned for a path that cannot be resolved. It is outside of every directory that a node allows. */
const UNRESOLVABLE = "/unresolvable";
/** Links that are followed. */
const MAX_LINKS = 40;

/** Returns a path with all symbolic links resolved, as Docker mounts it. The part that does not exist stays as it is. */
export function realPath(path: string, links = MAX_LINKS): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!missing || path === "/" || links === 0) return UNRESOLVABLE;
    const target = linkTarget(path);
    if (target !== undefined) return realPath(target, links - 1);
    return join(realPath(dirname(path), links), basename(path));
  }
}

/** Returns where a link leads whose target does not exist; undefined if the path is no link. */
function linkTarget(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return undefined;
  }
}
