import { PathNotFoundError } from "./render-error.js";

/** The path of the root is `""`; no other begins or ends with a slash, or has empty or `.` parts. */
export type RepositoryPath = string;

/**
 * A path as people write it (`./apps/shop/`, `/apps`, `.`) in the one form that Git knows.
 *
 * @throws PathNotFoundError when it has a `..`: a source is a place in its repository.
 */
export function normalisePath(path: string): RepositoryPath {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || path.includes("\0")) {
    throw new PathNotFoundError(`source.path ${JSON.stringify(path)} leaves the repository; write it without ".."`);
  }
  return parts.join("/");
}

/** `child` below `parent`. */
export function joinPath(parent: RepositoryPath, child: string): RepositoryPath {
  return parent === "" ? child : `${parent}/${child}`;
}

/** The path without its last part; `""` for a path at the root. */
export function parentOf(path: RepositoryPath): RepositoryPath {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** The last part of a path. */
export function nameOf(path: RepositoryPath): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * Where a symbolic link at `link` leads when it holds `target`; undefined when that is outside of the tree that both
 * paths are relative to.
 */
export function resolveTarget(link: RepositoryPath, target: string): RepositoryPath | undefined {
  if (target.startsWith("/")) return undefined;
  const parts = link.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}
