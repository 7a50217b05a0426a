import { ProblemError } from "./problem.js";

const TAG = /(W\/)?("[^"]*")/g;

/** Returns the strong ETag of a resource: its revision. `suffix` covers fields that change without a new revision. */
export function etagOf({ revision }: { readonly revision: number }, suffix?: number): string {
  return `"${revision}${suffix === undefined ? "" : `-${suffix}`}"`;
}

/** Reports whether `If-None-Match` contains this ETag, so that the client already has the response. */
export function matchesIfNoneMatch(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === "*" || [...ifNoneMatch.matchAll(TAG)].some(([, , tag]) => tag === etag);
}

/**
 * Throws PRECONDITION_FAILED with the current ETag, unless `If-Match` is unset, is `*` or contains the current revision.
 * A suffix of the ETag, such as the last heartbeat of a node, is ignored.
 */
export function checkIfMatch(ifMatch: string | undefined, current: string): void {
  if (ifMatch === undefined || ifMatch.trim() === "*") return;
  const matches = [...ifMatch.matchAll(TAG)].some(
    ([, weak, tag = ""]) => weak === undefined && revisionPart(tag) === current,
  );
  if (matches) return;
  throw new ProblemError("PRECONDITION_FAILED", `the resource has changed, its ETag is now ${current}: read it again`, {
    etag: current,
  });
}

/** `"12-345"` → `"12"`. */
function revisionPart(tag: string): string {
  return tag.replace(/^("[0-9]+)-[^"]*"$/, '$1"');
}
