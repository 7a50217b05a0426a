import { posix } from "node:path";

/** Returns an absolute path in its shortest spelling, as Compose does: `/a//b/./c/` is `/a/b/c`. */
export function cleanPath(path: string): string {
  return posix.normalize(path).replace(/(?<=.)\/$/, "");
}
