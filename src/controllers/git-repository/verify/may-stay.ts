import type { GitRef } from "../../../api/git-ref.js";
import { OverseerError } from "../../../base/errors.js";
import type { RepositoryPoll } from "../repository-poll.js";
import type { ResolvedRevision } from "../revision-index.js";
import type { GitRepositoryServices } from "../services.js";
import { verificationKeys } from "./keys.js";
import { recordedRevision } from "./records.js";

/**
 * Returns whether a revision may stay in use although a newer one could not be used: always without `spec.verify`; otherwise if it
 * was verified with the same keys, or has a signature that the present keys accept. While the keys cannot be read, a verified
 * revision stays.
 */
export async function mayStay(
  services: GitRepositoryServices,
  poll: Pick<RepositoryPoll, "repository" | "signal">,
  ref: GitRef | undefined,
  { commit, verified, remote }: ResolvedRevision,
): Promise<boolean> {
  const { verify } = poll.repository.spec;
  if (verify === undefined) return true;
  const recorded = recordedRevision(poll.repository, ref);
  const record = verified ?? (recorded?.commit === commit ? recorded : undefined);
  try {
    const keys = await verificationKeys(services, poll.repository);
    if (keys === undefined || (record?.keys === keys.digest && record.mode === verify.mode)) return true;
    return (
      verify.mode !== "Tag" && (await services.verifier.isSigned(services.engine, { ...poll, remote }, keys, commit))
    );
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    return record !== undefined;
  }
}
