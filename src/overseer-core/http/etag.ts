import { Fault } from "../fault.js";

const TAG = /(W\/)?("[^"]*")/g;

/** The strong ETag of a resource: its revision. `also` tells of what is shown and changes without a revision. */
export function etagOf({ revision }: { readonly revision: number }, also?: number): string {
  return `"${revision}${also === undefined ? "" : `-${also}`}"`;
}

/** Whether `If-None-Match` names this ETag, so that the client has what it would be sent. */
export function hasAlready(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === "*" || [...ifNoneMatch.matchAll(TAG)].some(([, , tag]) => tag === etag);
}

/**
 * Throws PRECONDITION_FAILED, with the present ETag, unless `If-Match` is left out, is `*` or names the present revision. An ETag
 * may say more than the revision (a node's: when it was last heard of); that part does not count here.
 */
export function checkIfMatch(ifMatch: string | undefined, present: string): void {
  if (ifMatch === undefined || ifMatch.trim() === "*") return;
  const matches = [...ifMatch.matchAll(TAG)].some(
    ([, weak, tag = ""]) => weak === undefined && revisionPart(tag) === present,
  );
  if (matches) return;
  throw new Fault("PRECONDITION_FAILED", `somebody else has written it: its ETag is ${present} now; read it again`, {
    etag: present,
  });
}

/** `"12-345"` → `"12"`. */
function revisionPart(tag: string): string {
  return tag.replace(/^("[0-9]+)-[^"]*"$/, '$1"');
}
