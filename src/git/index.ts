/** Public exports of the Git module. */
export { checkAllowedHost } from "./allowed-hosts.js";
export {
  type ChooseGitEngineOptions,
  type ChosenGitEngine,
  chooseGitEngine,
  GIT_ENGINES,
  type GitEnginePreference,
} from "./choose-engine.js";
export {
  type CredentialSource,
  credentialDigest,
  credentialFromSecret,
  TOKEN_USERNAME,
} from "./credentials/credentials.js";
export { proxyFromSecret } from "./credentials/proxy-secret.js";
export type {
  CommitInfo,
  FetchResult,
  FetchTarget,
  GitCredential,
  GitEngine,
  GitRemote,
  GitSnapshot,
  RemoteRefs,
  TreeEntry,
  TreeFile,
  TreeLimits,
} from "./engine.js";
export { GitError, type GitErrorCode, isGitError, VERIFICATION_ERRORS } from "./errors.js";
export { FirstParentLines, type FirstParents } from "./history/first-parents.js";
export type { GitHistory } from "./history/history.js";
export type { HistoryRequest } from "./history/request.js";
export type {
  Check,
  GitHost,
  GitHostOperation,
  HostUser,
  NewCommitStatus,
  ProposalState,
  ProposedChange,
  ProposedPullRequest,
  PullRequest,
  Review,
} from "./hosts/git-host.js";
export { GitHosts, type GitHostsOptions, type HostRepository, type OpenOptions } from "./hosts/git-hosts.js";
export {
  WEBHOOK_CONVENTIONS,
  type WebhookConventions,
  type WebhookSender,
} from "./hosts/webhook-conventions.js";
export { IsomorphicGitEngine, type IsomorphicGitEngineOptions } from "./isomorphic/engine.js";
export { DEFAULT_GIT_LIMITS, type GitLimits } from "./limits.js";
export { NativeGitEngine, type NativeGitEngineOptions } from "./native/engine.js";
export { USUAL_PATH } from "./native/find-git.js";
export { checkRefSpec, type GitRefSpec, type ResolvedRef, refPrefixes, resolveRef } from "./refs/refs.js";
export { resolveRemoteRef } from "./refs/resolve-remote-ref.js";
export { type RelatedRules, relatedRemote } from "./related-remote.js";
export { gitRemote, isAddressOf, remoteAddress } from "./remote.js";
export { type CommitRange, commitRange, parentsIn } from "./signatures/commit-range.js";
export { type DetachedSignature, readSignedCommit, readSignedTag } from "./signatures/signed-object.js";
export { type TrustedKeys, trustedKeysOf } from "./signatures/trusted-keys.js";
export { SignatureVerifier, type Signer, type Verify } from "./signatures/verifier.js";
export { RecursiveSnapshot } from "./submodules/recursive-snapshot.js";
export { submoduleRemote } from "./submodules/submodule-remote.js";
