import type { GitHostType } from "../../api/git-provider.js";
import type { HostApi } from "./api/client.js";
import { AzureDevOpsHost } from "./azure-devops.js";
import { BitbucketCloudHost } from "./bitbucket-cloud.js";
import { BitbucketDataCenterHost } from "./bitbucket-data-center.js";
import { GenericHost } from "./generic.js";
import type { GitHost } from "./git-host.js";
import { GiteaHost } from "./gitea.js";
import { GitHubHost } from "./github.js";
import { GitLabHost } from "./gitlab.js";

/** Creates the host of each type. To add one, see docs/extending/git-hosts.md. */
export const HOST_TYPES: Readonly<Record<GitHostType, (api: HostApi) => GitHost>> = {
  GitHub: (api) => new GitHubHost(api),
  GitLab: (api) => new GitLabHost(api),
  Gitea: (api) => new GiteaHost(api),
  Forgejo: (api) => new GiteaHost(api),
  BitbucketCloud: (api) => new BitbucketCloudHost(api),
  BitbucketDataCenter: (api) => new BitbucketDataCenterHost(api),
  AzureDevOps: (api) => new AzureDevOpsHost(api),
  Generic: (api) => new GenericHost(api),
};
