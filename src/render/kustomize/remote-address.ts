import type { RemoteBaseAddress } from "../remote-base.js";

/** A path that is longer is none. */
const MAX_PATH = 4096;

/** Hosts that may stand without a scheme. */
const KNOWN_HOST = /^(github\.com|gitlab\.com|bitbucket\.org)[/:]/i;

/** Whether Kustomize reads a file from the network, also if there is a file of this name. */
export function isAddress(written: string): boolean {
  return /^https?:/i.test(written);
}

/**
 * Whether a path leads out of the repository by what it looks like: an address, or what Kustomize reads as one
 * (`github.com/org/repo//path?ref=v1`, `git@host:repo`).
 */
export function isRemote(written: string): boolean {
  const path = written.slice(0, MAX_PATH);
  return (
    isAddress(path) ||
    /^[a-z][a-z0-9+.-]*:\/\//i.test(path) ||
    /^(git::|gh:|file:)/i.test(path) ||
    /^[^/\s]+@[^/\s]+:/.test(path) ||
    KNOWN_HOST.test(path) ||
    /[?&](ref|version)=/.test(path) ||
    /\.git(\/|$)/.test(path)
  );
}

/**
 * The repository, folder and ref in the address of a remote base, taken apart as Kustomize does. Undefined for the address of a
 * file, and for what is no address of a repository over HTTP or SSH.
 */
export function parseRemoteBase(written: string): RemoteBaseAddress | undefined {
  if (written.length > MAX_PATH || /\s/.test(written)) return undefined;
  const [address = "", query = ""] = written.replace(/^git::/i, "").split("?", 2);
  const server = serverOf(address);
  if (server === undefined) return undefined;
  const { prefix, rest } = server;
  const parts = splitPath(rest);
  if (parts === undefined) return undefined;
  const folders = parts.path.split("/").filter((name) => name !== "" && name !== ".");
  if (folders.includes("..") || /\.(ya?ml|json)$/i.test(folders.at(-1) ?? parts.repository)) return undefined;
  const parameters = new URLSearchParams(query);
  const ref = parameters.get("ref") || parameters.get("version") || undefined;
  return { repository: `${prefix}${parts.repository}`, path: folders.join("/"), ref };
}

/** The address up to the path, with a scheme unless it is of the form `git@host:`; and the path. */
function serverOf(address: string): { prefix: string; rest: string } | undefined {
  const short = /^gh:(.*)$/i.exec(address)?.[1];
  if (short !== undefined) return { prefix: "https://github.com/", rest: short };
  const [, prefix, rest] =
    /^((?:https?|ssh):\/\/[^/]+\/)(.+)$/i.exec(address) ?? /^([^/@:]+@[^/:]+:)(?!\/\/)(.+)$/.exec(address) ?? [];
  if (prefix !== undefined && rest !== undefined) return { prefix, rest };
  const host = KNOWN_HOST.exec(address);
  return host === null ? undefined : { prefix: `https://${host[1]}/`, rest: address.slice(host[0].length) };
}

/** Kustomize looks for `_git/` of Azure DevOps, for `//` and for `.git`; otherwise a repository has an owner and a name. */
function splitPath(rest: string): { repository: string; path: string } | undefined {
  const path = rest.replace(/^\/+/, "");
  const found =
    /^(.*?_git\/[^/]+)(?:\/(.*))?$/.exec(path) ??
    /^(.+?)\/\/(.*)$/.exec(path) ??
    /^(.+?\.git)(?:\/(.*))?$/.exec(path) ??
    /^([^/]+\/[^/]+)(?:\/(.*))?$/.exec(path);
  return found === null ? undefined : { repository: found[1] ?? "", path: found[2] ?? "" };
}
