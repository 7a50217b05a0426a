import { isIP } from "node:net";
import { canonicalJson, hmacSha256, sha256 } from "../base/hash.js";
import type { HttpProxy } from "../base/proxy.js";
import { redactUrl } from "../base/redact.js";
import { credentialDigest } from "./credentials/credentials.js";
import type { GitCredential, GitRemote } from "./engine.js";
import { GitError } from "./errors.js";
import { formatSshAddress, isSshUrl, parseSshAddress, type SshAddress } from "./ssh/address.js";

/**
 * Returns the remote at `url` for `credential`. Throws `GIT_URL_INVALID` or `GIT_TRANSPORT_UNSUPPORTED`, both terminal.
 * `proxy` is that of the remote itself. `key` makes the id a keyed digest, so that passwords cannot be guessed from it without the installation's key.
 */
export function gitRemote(url: string, credential?: GitCredential, key = "", proxy?: HttpProxy): GitRemote {
  refuseOtherTransports(url);
  const ssh = isSshUrl(url) ? sshAddress(url, credential) : undefined;
  const normalized = ssh === undefined ? normalizeHttpUrl(url, credential) : formatSshAddress(ssh);
  const way = proxy === undefined ? "" : `\n${canonicalJson(proxy)}`;
  const identity = `${normalized}\n${credential === undefined ? "" : credentialDigest(credential, key)}${way}`;
  const id = key === "" ? sha256(identity) : hmacSha256(key, identity);
  return {
    url: normalized,
    ...(ssh === undefined ? {} : { ssh }),
    credential,
    ...(proxy === undefined ? {} : { proxy }),
    id,
  };
}

/** Reports whether a URL is the address of a remote, whatever its spelling. */
export function isAddressOf(url: string, { url: address, credential }: GitRemote): boolean {
  try {
    return gitRemote(url, credential).url === address;
  } catch {
    return false;
  }
}

/** Returns the canonical form that identifies a store: lower-case host, no default port, no trailing slash. */
function normalizeHttpUrl(url: string, credential: GitCredential | undefined): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || parsed.hostname === "") throw invalid(url, "not a valid URL");
  if (parsed.username !== "" || parsed.password !== "") {
    throw invalid(url, "it contains a user name or password: store them in a Secret and set secretRef");
  }
  if (parsed.search !== "" || parsed.hash !== "") throw invalid(url, "it has a query or a fragment: remove it");
  const path = parsed.pathname.replace(/\/+$/, "");
  if (path === "") throw invalid(url, "it has no path to a repository");
  if (parsed.protocol === "http:" && authenticates(credential) && !isLoopback(parsed.hostname)) {
    throw invalid(url, "credentials are not sent over http://: use https://, or remove secretRef");
  }
  return `${parsed.protocol}//${parsed.host}${path}`;
}

function sshAddress(url: string, credential: GitCredential | undefined): SshAddress {
  const address = parseSshAddress(url);
  if (typeof address === "string") throw invalid(url, address);
  if (credential?.ssh === undefined)
    throw invalid(url, "SSH needs a key: set secretRef to a Secret with identity and known_hosts");
  return address;
}

/** Characters of a URL: files of repositories contain some. */
const MAX_URL = 4_096;

function refuseOtherTransports(url: string): void {
  if (url.length > MAX_URL) throw invalid(`${url.slice(0, 100)}…`, `it has more than ${MAX_URL} characters`);
  // Git reads a leading dash as an option and `ext::` as a command: neither may reach an engine.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are rejected here
  if (url.startsWith("-") || /[\u0000-\u0020\u007f\\]/.test(url)) {
    throw invalid(url, "it starts with a dash, or contains white space, a backslash or control characters");
  }
  if (!isSshUrl(url) && !/^https?:\/\//i.test(url)) {
    throw new GitError(
      "GIT_TRANSPORT_UNSUPPORTED",
      `unsupported scheme in url ${redactUrl(url)}: use the https:// or ssh:// URL of the repository`,
    );
  }
}

function invalid(url: string, why: string): GitError {
  return new GitError("GIT_URL_INVALID", `invalid url ${redactUrl(url)}: ${why}`);
}

function authenticates(credential: GitCredential | undefined): boolean {
  return (
    credential?.password !== undefined || credential?.bearerToken !== undefined || credential?.githubApp !== undefined
  );
}

/** Returns whether a host name is the local machine, where traffic cannot be intercepted. */
function isLoopback(hostname: string): boolean {
  if (hostname === "localhost" || hostname === "[::1]") return true;
  return isIP(hostname) === 4 && hostname.startsWith("127.");
}

/** Returns `host:port` of a remote, for messages. */
export function remoteAddress(url: string): string {
  const ssh = isSshUrl(url) ? parseSshAddress(url) : undefined;
  if (typeof ssh === "object") return `${ssh.host.includes(":") ? `[${ssh.host}]` : ssh.host}:${ssh.port}`;
  const parsed = new URL(url);
  return parsed.port === "" ? `${parsed.hostname}:${parsed.protocol === "https:" ? 443 : 80}` : parsed.host;
}
