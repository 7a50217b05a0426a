import { isIP } from "node:net";
import { SSH_ADDRESS, SSH_UNSUPPORTED } from "../api/ssh.js";
import { hmacSha256, sha256 } from "../base/hash.js";
import { redactUrl } from "../base/redact.js";
import { credentialDigest } from "./credentials.js";
import type { GitCredential, GitRemote } from "./engine.js";
import { GitError } from "./errors.js";

/** The addresses that the definition refuses as well; an app's repository may be older than that. */
const SSH = new RegExp(SSH_ADDRESS.replace("(?i)", ""), "i");

/**
 * The remote at `url` as `credential` sees it. Throws `GIT_URL_INVALID` or `GIT_TRANSPORT_UNSUPPORTED`, both terminal.
 * `key` makes the id a keyed digest: with a key that only this installation knows, nobody can try passwords against it.
 */
export function gitRemote(url: string, credential?: GitCredential, key = ""): GitRemote {
  const normalized = normalizeGitUrl(url, credential);
  const identity = `${normalized}\n${credential === undefined ? "" : credentialDigest(credential, key)}`;
  return { url: normalized, credential, id: key === "" ? sha256(identity) : hmacSha256(key, identity) };
}

/** The URL in the one form in which it names a store: lower-case host, no default port, no slash at the end. */
function normalizeGitUrl(url: string, credential: GitCredential | undefined): string {
  refuseOtherTransports(url);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === "") throw invalid(url, "it is not a URL");
  if (parsed.username !== "" || parsed.password !== "") {
    throw invalid(url, "it holds a user name or password: put them into a Secret and name it in secretRef");
  }
  if (parsed.search !== "" || parsed.hash !== "") throw invalid(url, "it has a query or a fragment: remove it");
  const path = parsed.pathname.replace(/\/+$/, "");
  if (path === "") throw invalid(url, "it names a server but no repository on it");
  if (parsed.protocol === "http:" && signsIn(credential) && !isLoopback(parsed.hostname)) {
    throw invalid(url, "a credential is never sent over http://: use https://, or leave out secretRef");
  }
  return `${parsed.protocol}//${parsed.host}${path}`;
}

function refuseOtherTransports(url: string): void {
  // Git itself reads a leading dash as an option and `ext::` as a command: no engine is ever to see them.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  if (url.startsWith("-") || /[\u0000-\u0020\u007f\\]/.test(url)) {
    throw invalid(url, "it begins with a dash, or holds white space, a backslash or control characters");
  }
  if (SSH.test(url)) {
    throw new GitError("GIT_TRANSPORT_UNSUPPORTED", `${SSH_UNSUPPORTED} (url is ${redactUrl(url)})`);
  }
  if (!/^https?:\/\//i.test(url)) {
    throw new GitError(
      "GIT_TRANSPORT_UNSUPPORTED",
      `the URL ${redactUrl(url)} is neither https:// nor http://: use the https:// URL of the repository`,
    );
  }
}

function invalid(url: string, why: string): GitError {
  return new GitError("GIT_URL_INVALID", `the URL ${redactUrl(url)} cannot be used: ${why}`);
}

function signsIn(credential: GitCredential | undefined): boolean {
  return credential?.password !== undefined || credential?.bearerToken !== undefined;
}

/** Whether a URL's host name is this machine: what is sent there cannot be listened to. */
function isLoopback(hostname: string): boolean {
  if (hostname === "localhost" || hostname === "[::1]") return true;
  return isIP(hostname) === 4 && hostname.startsWith("127.");
}

/** `host:port` of a remote, for messages. */
export function remoteAddress(url: string): string {
  const parsed = new URL(url);
  return parsed.port === "" ? `${parsed.hostname}:${parsed.protocol === "https:" ? 443 : 80}` : parsed.host;
}
