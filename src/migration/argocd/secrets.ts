import { comparableUrl } from "../names.js";

/** A Secret of Argo CD with credentials of repositories, without its values. */
export interface ArgoCredential {
  readonly namespace: string;
  readonly name: string;
  /** `repository`, or `repo-creds` for all repositories whose URL begins with `url`. */
  readonly type: string;
  readonly url: string;
  /** Names of the keys. */
  readonly keys: readonly string[];
}

/** Label of Secrets of Argo CD. */
export const SECRET_TYPE = "argocd.argoproj.io/secret-type";

/** Keys that hold a credential; a Secret without any only names a repository. */
const CREDENTIALS =
  /^(username|password|bearerToken|sshPrivateKey|tlsClientCertData|tlsClientCertKey|githubApp.*|gcpServiceAccountKey)$/;

/** Returns the Secret whose credentials Argo CD uses for a URL: that of the repository, or else the one with the longest prefix. */
export function credentialFor(
  url: string,
  namespace: string,
  credentials: readonly ArgoCredential[],
): string | undefined {
  const wanted = comparableUrl(url);
  const own = credentials.filter((one) => one.namespace === namespace && one.keys.some((key) => CREDENTIALS.test(key)));
  const exact = own.find(({ type, url: candidate }) => type === "repository" && comparableUrl(candidate) === wanted);
  const prefixes = own
    .filter(({ type, url: candidate }) => type === "repo-creds" && wanted.startsWith(comparableUrl(candidate)))
    .sort((a, b) => b.url.length - a.url.length);
  return (exact ?? prefixes[0])?.name;
}
