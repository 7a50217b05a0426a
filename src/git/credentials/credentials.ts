import { canonicalJson, hmacSha256, sha256 } from "../../base/hash.js";
import type { GitCredential } from "../engine.js";
import { githubAppOf } from "../github/app-secret.js";
import { isSshUrl, parseSshAddress } from "../ssh/address.js";
import { certificatesOf } from "./certificates.js";
import { SecretReader } from "./secret-reader.js";
import { SSH_KEYS, sshCredential } from "./ssh-credential.js";

/**
 * User name sent with a token if the Secret has none. GitHub requires it for App tokens; GitLab, Gitea, Forgejo and Azure
 * DevOps accept any name with a token. Bitbucket Cloud requires `username: x-token-auth` in the Secret.
 */
export const TOKEN_USERNAME = "x-access-token";

const ACCEPTED =
  "username and password, or token, or bearerToken, or githubAppID, githubAppInstallationID and githubAppPrivateKey; and, if needed, ca.crt, tls.crt and tls.key";

/** Where a credential comes from and is sent to. */
export interface CredentialSource {
  /** Names the Secret in messages. */
  readonly where: string;
  /** URL of the repository, which decides on the kind of credential. */
  readonly url: string;
}

/**
 * Reads the credential for `url` from the `data` (base64 values) of a Kubernetes Secret. For an SSH URL, `sshCredential` lists
 * the keys. For HTTPS, including the names that Flux and Argo CD use: `username` + `password`; `password` or `token` alone;
 * `bearerToken`; those of `githubAppOf`; and those of `certificatesOf`. Trailing line breaks of names, passwords and tokens are dropped: they come from
 * `echo`. Throws `GIT_CREDENTIAL_INVALID`, which names the missing or invalid key and never a value.
 */
export function credentialFromSecret(
  data: Readonly<Record<string, string>>,
  { where, url }: CredentialSource,
): GitCredential {
  const secret = new SecretReader(data, where);
  refuseOtherHost(secret, url);
  if (isSshUrl(url)) {
    const address = parseSshAddress(url);
    // gitRemote reports an invalid URL.
    return typeof address === "string" ? {} : { ssh: sshCredential(secret, address) };
  }
  const bearerToken = secret.line("bearerToken");
  const username = secret.line("username");
  const password = secret.line("password") ?? secret.line("token");
  if (bearerToken !== undefined && (username !== undefined || password !== undefined)) {
    throw secret.invalid("has both bearerToken and username, password or token: keep only one kind of credential");
  }
  if (username !== undefined && password === undefined)
    throw secret.invalid("has username but no password: add the key password");
  if (username?.includes(":")) throw secret.invalid("has a colon in username, which HTTP basic authentication forbids");
  const githubApp = githubAppOf(secret, url);
  if (githubApp !== undefined && (bearerToken ?? password) !== undefined)
    throw secret.invalid("has both a GitHub App and a password or token: keep only one kind of credential");
  const credential: GitCredential = {
    ...(githubApp === undefined ? {} : { githubApp }),
    ...(password === undefined ? {} : { username: username ?? TOKEN_USERNAME, password }),
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...certificatesOf(secret),
  };
  if (Object.keys(credential).length === 0) throw secret.invalid(nothingFound(secret));
  return credential;
}

/** Returns a digest that identifies a credential; keyed if `key` is set, so that passwords cannot be guessed from it. */
export function credentialDigest(credential: GitCredential, key = ""): string {
  const text = canonicalJson(credential);
  return key === "" ? sha256(text) : hmacSha256(key, text);
}

/** A repository Secret of Argo CD names the URL that it is for. It is not sent to another host. */
function refuseOtherHost(secret: SecretReader, url: string): void {
  const own = secret.keyOf("url") === undefined ? undefined : secret.line("url");
  if (own === undefined) return;
  const [expected, actual] = [hostOf(own), hostOf(url)];
  if (expected === undefined) throw secret.invalid("has a key url that is not the URL of a repository: correct it");
  if (actual === undefined || expected === actual) return;
  throw secret.invalid(
    `is for the host in its key url, and not for ${actual}: use another Secret, or correct spec.url`,
  );
}

function hostOf(url: string): string | undefined {
  if (!isSshUrl(url)) return URL.canParse(url) ? new URL(url).hostname : undefined;
  const address = parseSshAddress(url);
  return typeof address === "string" ? undefined : address.host;
}

function nothingFound(secret: SecretReader): string {
  if (secret.keyOf(...SSH_KEYS) === undefined) return `contains no credential: add ${ACCEPTED}`;
  return `contains an SSH key, but spec.url is not an SSH URL: use ssh://git@HOST/PATH, or add ${ACCEPTED}`;
}
