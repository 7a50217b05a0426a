import { isRecord } from "../../manifest/shape.js";
import type { PreparedDocument } from "../../manifest/to-document.js";
import { joinPath, parentOf, type RepositoryPath } from "../repository-path.js";

/** Returns the file whose folder relative paths refer to: the first Compose file, as in Compose, or else the App document. */
export function projectFile({ object, origin }: PreparedDocument): RepositoryPath {
  const files = isRecord(object.spec) ? object.spec.composeFiles : undefined;
  const first: unknown = Array.isArray(files) ? files[0] : undefined;
  if (typeof first !== "string") return origin.file;
  return normalizePath(joinPath(parentOf(origin.file), first));
}

/** Removes `.` and `..` from a path in the repository. */
export function normalizePath(path: string): RepositoryPath {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
