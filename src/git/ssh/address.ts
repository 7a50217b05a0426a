import { SSH_ADDRESS } from "../../api/ssh.js";

/** Location of a repository that is read over SSH. */
export interface SshAddress {
  readonly user: string;
  /** Lower case; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path as the server receives it: absolute, or relative to the user's home directory. */
  readonly path: string;
}

/** Port of SSH servers. */
export const SSH_PORT = 22;

/** User of most Git servers, for addresses without one. */
const DEFAULT_USER = "git";

const SSH = new RegExp(SSH_ADDRESS.replace("(?i)", ""), "i");
const SSH_URL = /^ssh:\/\/(?:([^/?#@:]+)@)?(\[[0-9a-f:.]+\]|[^/?#@:[\]]+)(?::(\d{1,5}))?\/(.*)$/i;
const SHORT_FORM = /^(?:([^/:@\s]+)@)?(\[[0-9a-f:.]+\]|[^/:@\s[\]]+):(.+)$/i;
const USER = /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/;
const HOST = /^(?!-)[A-Za-z0-9._-]+$/;

/** Returns whether `url` is an SSH URL or has the short form `user@host:path`, valid or not. */
export function isSshUrl(url: string): boolean {
  return SSH.test(url);
}

/** Parses an SSH URL or the short form `user@host:path`, as Git does. Returns what is wrong with an invalid one. */
export function parseSshAddress(url: string): SshAddress | string {
  if (/^ssh:\/\/[^/?#@]*:[^/?#@]*@/i.test(url))
    return "it contains a password: SSH uses the key in the Secret named in secretRef";
  const match = SSH_URL.exec(url);
  if (match !== null) return sshUrl(match);
  if (/^[^:/]+:\/\//.test(url)) return "an SSH URL has the form ssh://git@host/path or ssh://git@host:port/path";
  const [, user = DEFAULT_USER, host = "", path = ""] = SHORT_FORM.exec(url) ?? [];
  return checked({ user, host: plainHost(host), port: SSH_PORT, path: withoutSlashes(path) });
}

/** Returns the canonical form of an address. A relative path has the short form. */
export function formatSshAddress({ user, host, port, path }: SshAddress): string {
  const shown = host.includes(":") ? `[${host}]` : host;
  if (!path.startsWith("/") && !path.startsWith("~")) return `${user}@${shown}:${path}`;
  const suffix = path.split("/").map(encodeURIComponent).join("/");
  return `ssh://${user}@${shown}${port === SSH_PORT ? "" : `:${port}`}${path.startsWith("~") ? "/" : ""}${suffix}`;
}

function sshUrl([, user = DEFAULT_USER, host = "", port, path = ""]: RegExpExecArray): SshAddress | string {
  if (/[?#]/.test(path)) return "it has a query or a fragment: remove it";
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    return "its path has an invalid percent encoding";
  }
  // Git passes /~user/path on as ~user/path.
  const absolute = withoutSlashes(decoded.startsWith("~") ? decoded : `/${decoded}`);
  const number = port === undefined ? SSH_PORT : Number(port);
  if (number < 1 || number > 65535) return "its port is not between 1 and 65535";
  return checked({ user, host: plainHost(host), port: number, path: absolute });
}

function checked(address: SshAddress): SshAddress | string {
  const { user, host, path } = address;
  // The names become arguments of ssh, and parts of its configuration.
  if (!USER.test(user)) return "its user name has characters that are not allowed";
  if (!host.includes(":") && !HOST.test(host)) return "its host name is not valid";
  if (path === "" || path === "/") return "it has no path to a repository";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are rejected here
  if (/[\u0000-\u001f\u007f]/.test(path) || path.startsWith("-")) return "its path is not valid";
  return address;
}

function plainHost(host: string): string {
  return host.replace(/^\[|\]$/g, "").toLowerCase();
}

function withoutSlashes(path: string): string {
  return path.replace(/(?!^)\/+$/, "");
}
