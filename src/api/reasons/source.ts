import type { ReasonText } from "./reason-text.js";

/** Reasons of GitRepositories. */
export const REPOSITORY_REASONS = {
  Fetched: { meaning: "The revision is fetched and verified." },
  Fetching: { meaning: "The first revision is being fetched." },
  Verified: { meaning: "The signatures that spec.verify requires are valid; the message names the signer." },
  NewRevision: { meaning: "Event: a new revision is in use." },
  AllReported: { meaning: "The commit statuses of all apps are reported to the Git host." },
  PermissionDenied: {
    meaning:
      "The credential for the API of the Git host has too few permissions; the message names the one that is required.",
    remedy: "Give the token or GitHub App the permission, or set spec.provider.secretRef.",
  },
  NotFoundAtHost: {
    meaning: "The API of the Git host does not know the repository or commit, or hides it from the credential.",
    remedy: "Check spec.url, spec.provider and the permissions of the credential.",
  },
  RefusedByHost: { meaning: "The API of the Git host rejects a request; the message has its explanation." },
  NotTheHostAPI: {
    meaning: "The server does not respond like the API of this type of Git host.",
    remedy: "Correct spec.provider.type or spec.provider.apiURL.",
  },
  ProviderUnsupported: {
    meaning: "The type of the Git host is not known, or does not support the operation.",
    remedy: "Set spec.provider.type, or do without the operation.",
  },
} as const satisfies Readonly<Record<string, ReasonText>>;

/** Reasons of GitRepositories, and of OverseerApps whose repository or source has the problem. */
export const SOURCE_REASONS = {
  Retrying: { meaning: "An operation failed and is retried automatically; the condition Ready has the cause." },
  InvalidURL: { meaning: "spec.url is not a valid URL.", remedy: "Correct spec.url." },
  UnsupportedTransport: {
    meaning:
      "The URL uses a transport that is not supported here: use https:// or ssh://. SSH requires the native Git engine and the OpenSSH client.",
    remedy: "Use an address that begins with https:// or ssh://.",
  },
  HostNotAllowed: {
    meaning: "The host in spec.url, or of the proxy, is not in --allowed-git-hosts of the operator.",
    remedy: "Use an allowed host.",
  },
  InvalidCredential: {
    meaning: "The Secret in secretRef lacks a key or has an invalid value; the message names the key.",
    remedy: "Correct the Secret.",
  },
  InvalidSubmodule: {
    meaning: ".gitmodules is malformed, or does not list a submodule that is read; the message has its line.",
    remedy: "Correct .gitmodules.",
  },
  Unsigned: {
    meaning:
      "spec.verify requires a signature that the commit or tag in the message does not have. The last verified revision stays in use.",
    remedy: "Sign the commit or tag and push again.",
  },
  InvalidSignature: {
    meaning: "A signature is damaged, does not match its content, or has a form that is not accepted.",
    remedy: "Sign the commit or tag again.",
  },
  UntrustedKey: {
    meaning:
      "A commit or tag is signed by a key that is not in the Secret of spec.verify, has expired, or is revoked; the message has its fingerprint.",
    remedy: "Add the key to the Secret if you trust it, or sign with a trusted key.",
  },
  NotADescendant: {
    meaning:
      "With verify.mode Range: the ref points to a commit that does not descend from the last verified one, for example after a forced push.",
    remedy: "Push a commit on top of the last verified one, or set verify.since.",
  },
  RangeTooLong: {
    meaning: "With verify.mode Range: too many commits since the last verified one.",
    remedy: "Set verify.since to a newer commit that you trust.",
  },
  HistoryUnsupported: {
    meaning: "The server does not support version 2 of the Git protocol, which the modes Tag and Range require.",
    remedy: "Upgrade the server, or set verify.mode to HEAD.",
  },
  VerifierUnavailable: {
    meaning: "ssh-keygen or gpgv is not installed or cannot be run. Nothing new is used until it can.",
    remedy: "Install the program that the message names.",
  },
  InvalidVerificationKeys: {
    meaning: "The Secret of spec.verify has no keys, or one that cannot be read; the message names it.",
    remedy: "Correct the Secret.",
  },
  SecretNotFound: {
    meaning: "The Secret in secretRef does not exist.",
    remedy: "Create the Secret, or correct secretRef.",
  },
  InvalidReference: {
    meaning: "spec.ref is invalid, for example a malformed version range or ref name.",
    remedy: "Correct spec.ref.",
  },
  ReferenceNotFound: {
    meaning: "The remote does not have the branch, tag or ref; the message names similar ones.",
    remedy: "Correct spec.ref, or push the branch or tag.",
  },
  CommitNotFound: {
    meaning: "The remote does not have the commit, or does not allow fetching it by its ID.",
    remedy: "Push the commit to a branch, or correct spec.ref.commit.",
  },
  NotACommit: {
    meaning:
      "spec.ref resolves to a tag object, tree or blob instead of a commit; for a tag, the message names its commit.",
    remedy: "Name a commit in spec.ref.",
  },
  HostKeyUnknown: {
    meaning:
      "The SSH server's host key is not in known_hosts of the Secret in secretRef. The message has its type and fingerprint.",
    remedy: "Compare the fingerprint with that of the server, and add the key to known_hosts.",
  },
  HostKeyChanged: {
    meaning:
      "The SSH server's host key differs from the one in known_hosts of the Secret in secretRef, or is marked as revoked there.",
    remedy: "Find out why the key changed before you replace it in known_hosts.",
  },
  AuthenticationFailed: {
    meaning: "The remote rejected the credentials, or requires credentials.",
    remedy: "Correct the credentials in the Secret, or set secretRef.",
  },
  RepositoryNotFound: {
    meaning:
      "On a GitRepository: the remote has no such repository, or the credentials do not give access to it. On an OverseerApp: the GitRepository in repositoryRef does not exist.",
    remedy: "Correct the name or URL, create the repository, or grant access to it.",
  },
  GitUnreachable: {
    meaning: "The connection to the remote failed or timed out.",
    remedy: "Check address, network policy and proxy.",
  },
  FetchTimeout: {
    meaning: "The fetch did not finish within spec.timeout of the GitRepository.",
    remedy: "Increase spec.timeout, or use a smaller repository.",
  },
  FetchWaiting: {
    meaning: "The fetch could not start because other fetches took too long; the message names the server.",
  },
  CacheFull: {
    meaning: "The cache of Git objects is full. The last fetched revision stays in use.",
    remedy: "Increase the cache (chart value cache.sizeLimit).",
  },
  TLSFailed: {
    meaning: "The certificate of the remote is not trusted, or the remote rejected the client certificate.",
    remedy: "Add the CA of the remote to the Secret as ca.crt, or correct the client certificate.",
  },
  Redirected: {
    meaning:
      "The remote redirects to another URL. Redirects are not followed, since they would forward the credentials; use the new URL in spec.url.",
    remedy: "Set spec.url to the new URL.",
  },
  RateLimited: { meaning: "The remote limits the request rate. Polling continues at the time that the remote gave." },
  GitServerError: { meaning: "The remote returned a server error (HTTP 5xx)." },
  NotAGitRepository: { meaning: "The URL responds, but not as a Git repository.", remedy: "Correct spec.url." },
  EmptyRepository: { meaning: "The repository has no commits.", remedy: "Push a commit." },
  RemoteFailed: { meaning: "The remote reported an error while it was sending its response." },
  CorruptPack: { meaning: "The received data does not match its checksum and was discarded." },
  IncompleteFetch: { meaning: "The remote did not send all objects of the commit; the received data was discarded." },
  GitStoreDamaged: { meaning: "The local copy of the repository is damaged. It is deleted and fetched again." },
  GitStoreUnwritable: {
    meaning: "The cache directory cannot be written: the volume is full, or the permissions are insufficient.",
    remedy: "Make the cache directory writable, or enlarge its volume.",
  },
  RepositoryTooLarge: {
    meaning:
      "The fetch exceeds the size limit, and the server does not support partial clones; or the files that apps read exceed it.",
    remedy:
      "Use a server with partial clones, set source.path to smaller directories, or raise the limit of the operator.",
  },
  ObjectNotFound: { meaning: "A Git object of a verified commit is missing." },
  InvalidTree: {
    meaning: "A commit or tree object in Git is malformed.",
    remedy: "Repair the repository with git fsck.",
  },
  TreeTooLarge: {
    meaning: "The directory has more files or levels than the limits allow.",
    remedy: "Choose a smaller source.path, or raise the limits of the operator.",
  },
  UnsafePath: { meaning: "A path leads outside of the repository.", remedy: "Remove the path or link." },
} as const satisfies Readonly<Record<string, ReasonText>>;
