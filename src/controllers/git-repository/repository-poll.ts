import type { GitRepository } from "../../api/git-repository.js";
import type { TimeLimit } from "../../base/deadline.js";
import type { Logger } from "../../base/logger.js";
import type { GitRemote, TrustedKeys } from "../../git/index.js";

/** One poll of a repository. */
export interface RepositoryPoll {
  readonly key: string;
  readonly repository: GitRepository;
  readonly remote: GitRemote;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Trusted keys; undefined if signatures are not verified. */
  readonly keys: TrustedKeys | undefined;
  /** Applies to each list of refs and each fetch. */
  readonly limit: TimeLimit;
}
