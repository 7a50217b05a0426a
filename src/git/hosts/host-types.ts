import type { GitHostType } from "../../api/git-provider.js";
import type { HostApi } from "./api/client.js";
import { GenericHost } from "./generic.js";
import type { GitHost } from "./git-host.js";
import { GiteaHost } from "./gitea.js";
import { GitHubHost } from "./github.js";

/** Creates the host of each type. To add one, see docs/extending/git-hosts.md. */
export const HOST_TYPES: Readonly<Record<GitHostType, (api: HostApi) => GitHost>> = {
  GitHub: (api) => new GitHubHost(api),
  GitLab: (api) => new GenericHost(api),
  Gitea: (api) => new GiteaHost(api),
  Forgejo: (api) => new GiteaHost(api),
  BitbucketCloud: (api) => new GenericHost(api),
  BitbucketDataCenter: (api) => new GenericHost(api),
  AzureDevOps: (api) => new GenericHost(api),
  Generic: (api) => new GenericHost(api),
};
