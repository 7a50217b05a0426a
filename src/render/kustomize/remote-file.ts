import type { RemoteBaseAddress } from "../remote-base.js";

/** Parameters that hosts add to addresses of files and that do not change what is there. */
const HARMLESS = new Set(["ref_type", "inline", "raw"]);

/** Repository, ref and path in addresses of files on Git hosts. The first group is the server, unless it has another name for Git. */
const FORMS: readonly (readonly [form: RegExp, server?: string])[] = [
  [
    /^https:\/\/raw\.githubusercontent\.com\/()([^/]+\/[^/]+)\/(?:refs\/(?:tags|heads)\/)?([^/]+)\/(.+)$/i,
    "https://github.com/",
  ],
  // GitLab.
  [/^(https?:\/\/[^/]+\/)(.+?)\/-\/raw\/([^/]+)\/(.+)$/i],
  // Gitea and Forgejo.
  [/^(https?:\/\/[^/]+\/)([^/]+\/[^/]+)\/raw\/(?:tag|commit|branch)\/([^/]+)\/(.+)$/i],
  // GitHub and Bitbucket Cloud.
  [/^(https:\/\/(?:github\.com|bitbucket\.org)\/)([^/]+\/[^/]+)\/raw\/(?:refs\/(?:tags|heads)\/)?([^/]+)\/(.+)$/i],
];

/**
 * The repository, path and ref in the address of a file on a Git host, by which it can be read with Git at a fixed commit. Undefined for
 * other addresses, for example of files of a release, which are in no repository.
 */
export function parseRemoteFile(written: string): RemoteBaseAddress | undefined {
  if (written.length > 4096 || /[\s#]/.test(written)) return undefined;
  const [address = "", query = ""] = written.split("?", 2);
  if ([...new URLSearchParams(query).keys()].some((name) => !HARMLESS.has(name))) return undefined;
  for (const [form, server] of FORMS) {
    const [, own, repository, ref, path] = form.exec(address) ?? [];
    if (own === undefined || repository === undefined || path === undefined) continue;
    const names = path.split("/");
    if (names.some((name) => name === "" || name === "." || name === ".." || name.includes("%"))) return undefined;
    return { repository: `${server ?? own}${repository}`, path, ref };
  }
  return undefined;
}
