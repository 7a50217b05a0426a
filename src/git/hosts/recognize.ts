import type { GitHostType } from "../../api/git-provider.js";
import { isSshUrl, parseSshAddress } from "../ssh/address.js";

/** The API of a repository at its host. */
export interface HostAddress {
  readonly type: GitHostType;
  /** URL of the API, without a slash at the end. */
  readonly api: string;
  /** Path segments that identify the repository, for example owner and name. Decoded. */
  readonly path: readonly string[];
  /** URL of the host's pages, without a slash at the end. */
  readonly web: string;
}

/** Hosts of the providers themselves. `*.` matches any name below. */
const KNOWN_HOSTS: readonly (readonly [host: string, type: GitHostType])[] = [
  ["github.com", "GitHub"],
  ["ssh.github.com", "GitHub"],
  ["*.ghe.com", "GitHub"],
  ["gitlab.com", "GitLab"],
  ["altssh.gitlab.com", "GitLab"],
  ["gitea.com", "Gitea"],
  ["codeberg.org", "Forgejo"],
  ["bitbucket.org", "BitbucketCloud"],
  ["altssh.bitbucket.org", "BitbucketCloud"],
  ["dev.azure.com", "AzureDevOps"],
  ["ssh.dev.azure.com", "AzureDevOps"],
  ["*.visualstudio.com", "AzureDevOps"],
];

/** First labels of host names by which companies call their own servers. */
const KNOWN_LABELS: Readonly<Record<string, GitHostType>> = {
  github: "GitHub",
  gitlab: "GitLab",
  gitea: "Gitea",
  forgejo: "Forgejo",
  bitbucket: "BitbucketDataCenter",
};

/** Returns the type of the host of a repository by the URL alone; Generic if it is not recognized. */
export function hostTypeOf(url: string): GitHostType {
  const host = locationOf(url)?.host ?? "";
  const known = KNOWN_HOSTS.find(([name]) => (name.startsWith("*.") ? host.endsWith(name.slice(1)) : host === name));
  return known?.[1] ?? KNOWN_LABELS[host.split(".")[0] ?? ""] ?? "Generic";
}

/** Settings of `spec.provider` that decide on the address. */
export interface ProviderSettings {
  readonly type?: GitHostType | undefined;
  readonly apiURL?: string | undefined;
}

/**
 * Returns the address of a repository's API. A string says why there is none: what is wrong with the URL, to complete a sentence that
 * begins with it.
 */
export function hostAddress(url: string, provider: ProviderSettings = {}): HostAddress | string {
  const type = provider.type ?? hostTypeOf(url);
  const location = locationOf(url);
  if (location === undefined) return "is not the URL of a repository";
  const found = PATHS[type](location);
  if (typeof found === "string") return found;
  const api = provider.apiURL?.replace(/\/+$/, "") ?? found.api;
  return { type, path: found.path, web: found.web ?? location.origin, api };
}

/** Where a repository is. */
interface Location {
  /** Lower case, without a port. */
  readonly host: string;
  /** Of the pages: that of the URL, or `https://` at the host of an SSH address. */
  readonly origin: string;
  /** Decoded segments of the path, the last one without `.git`. */
  readonly segments: readonly string[];
  readonly isSsh: boolean;
}

interface Found {
  readonly api: string;
  readonly path: readonly string[];
  readonly web?: string;
}

type FindPath = (location: Location) => Found | string;

const PATHS: Readonly<Record<GitHostType, FindPath>> = {
  GitHub: (at) => ownerAndName(at, githubApi(at)),
  Gitea: (at) => ownerAndName(at, `${at.origin}/api/v1`),
  Forgejo: (at) => ownerAndName(at, `${at.origin}/api/v1`),
  BitbucketCloud: (at) => ownerAndName(at, "https://api.bitbucket.org/2.0", "https://bitbucket.org"),
  GitLab: ({ origin, segments }) =>
    segments.length < 2
      ? "has no group and project in its path"
      : { api: `${origin}/api/v4`, path: [segments.join("/")] },
  BitbucketDataCenter: bitbucketDataCenter,
  AzureDevOps: azureDevOps,
  Generic: () => ({ api: "", path: [] }),
};

function ownerAndName({ segments }: Location, api: string, web?: string): Found | string {
  // A server may be below a path, which spec.provider.apiURL has to name then.
  const path = segments.slice(-2);
  if (path.length < 2) return "has no owner and name in its path";
  return { api, path, ...(web === undefined ? {} : { web }) };
}

function githubApi({ host, origin }: Location): string {
  if (host === "github.com" || host === "ssh.github.com") return "https://api.github.com";
  return host.endsWith(".ghe.com") ? `https://api.${host}` : `${origin}/api/v3`;
}

/** `/scm/PROJECT/NAME`, below an optional context path; over SSH `/PROJECT/NAME`. */
function bitbucketDataCenter({ origin, segments, isSsh }: Location): Found | string {
  const scm = segments.lastIndexOf("scm", segments.length - 3);
  if (!isSsh && scm < 0) return "has no /scm/PROJECT/NAME in its path";
  const path = segments.slice(-2);
  if (path.length < 2) return "has no project and name in its path";
  const context = isSsh
    ? ""
    : segments
        .slice(0, scm)
        .map((part) => `/${part}`)
        .join("");
  return { api: `${origin}${context}/rest`, path, web: origin + context };
}

/** `dev.azure.com/ORG/PROJECT/_git/NAME`, `ORG.visualstudio.com/PROJECT/_git/NAME`, and `ssh.dev.azure.com:v3/ORG/PROJECT/NAME`. */
function azureDevOps({ host, origin, segments, isSsh }: Location): Found | string {
  if (isSsh) {
    const [, organization, project, name] = segments;
    if (segments[0] !== "v3" || organization === undefined || project === undefined || name === undefined)
      return "has no v3/ORGANIZATION/PROJECT/NAME in its path";
    const web = `https://dev.azure.com/${encodeURIComponent(organization)}`;
    return { api: web, path: [project, name], web };
  }
  const git = segments.lastIndexOf("_git");
  const name = segments[git + 1];
  if (git < 0 || name === undefined) return "has no PROJECT/_git/NAME in its path";
  const before = segments.slice(0, git).filter((part) => part !== "DefaultCollection");
  // The repository of the same name as its project can be addressed without the project, but not without the organization.
  const atCloud = host === "dev.azure.com" ? 1 : 0;
  const project = before.length > atCloud ? before.at(-1) : name;
  const organization = before.slice(0, Math.max(atCloud, before.length - 1));
  const web = `${origin}${organization.map((part) => `/${encodeURIComponent(part)}`).join("")}`;
  return { api: web, path: [project ?? name, name], web };
}

function locationOf(url: string): Location | undefined {
  if (isSshUrl(url)) {
    const address = parseSshAddress(url);
    if (typeof address === "string") return undefined;
    const host = address.host.includes(":") ? `[${address.host}]` : address.host;
    return { host, origin: `https://${host}`, segments: segmentsOf(address.path), isSsh: true };
  }
  if (!URL.canParse(url)) return undefined;
  const { hostname, origin, pathname } = new URL(url);
  return { host: hostname.toLowerCase(), origin, segments: segmentsOf(decoded(pathname)), isSsh: false };
}

function segmentsOf(path: string): string[] {
  return path
    .replace(/\/+$/, "")
    .replace(/\.git$/, "")
    .split("/")
    .filter((part) => part !== "");
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
