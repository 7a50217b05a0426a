import type { GitRef } from "../../../api/git-ref.js";
import type { GitRepository, VerifiedRevision } from "../../../api/git-repository.js";
import type { RevisionIndex } from "../revision-index.js";

/** Maximum number of refs in the status. */
export const MAX_RECORDS = 100;

/** Returns a ref as the status names it, for example `branch=main`. */
export function refName(ref: GitRef | undefined): string {
  const fields = Object.entries(ref ?? {}).filter(([, value]) => value !== undefined);
  if (fields.length === 0) return "HEAD";
  return fields
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(",");
}

/** Returns the record of the last verified commit of a ref, as the status has it. */
export function recordedRevision(repository: GitRepository, ref: GitRef | undefined): VerifiedRevision | undefined {
  return repository.status?.verified?.find((record) => record.ref === refName(ref));
}

/**
 * Returns whether the status can have a record of a ref. Without one, a restart would accept that the ref was moved back to any signed
 * commit.
 */
export function hasPlace({ spec, status }: GitRepository, ref: GitRef | undefined): boolean {
  const name = refName(ref);
  const records = status?.verified ?? [];
  const others = records.filter((record) => record.ref !== name && record.ref !== refName(spec.ref));
  return name === refName(spec.ref) || others.length < MAX_RECORDS - 1;
}

/**
 * Returns the records of all refs in use for the status. A ref that is not verified at the moment keeps its record, from which on
 * commits are verified; one that is no longer used loses it.
 */
export function verifiedRecords(
  index: RevisionIndex,
  key: string,
  repository: GitRepository,
  refs: readonly (GitRef | undefined)[],
): VerifiedRevision[] {
  const records = refs.flatMap((ref): VerifiedRevision[] => {
    const verified = index.get(key, ref)?.resolved?.verified;
    const before = recordedRevision(repository, ref);
    if (verified === undefined) return before === undefined ? [] : [before];
    const { message: _, tag: __, ...fields } = verified;
    return [{ ref: refName(ref), ...fields }];
  });
  const own = refName(repository.spec.ref);
  const byName = (a: VerifiedRevision, b: VerifiedRevision): number => (a.ref < b.ref ? -1 : 1);
  // Refs of apps must not displace the one of the repository.
  const first = records.sort((a, b) => Number(b.ref === own) - Number(a.ref === own) || byName(a, b));
  return first.slice(0, MAX_RECORDS).sort(byName);
}
