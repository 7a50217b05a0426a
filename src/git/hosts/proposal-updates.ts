import { z } from "zod";
import type { CallContext } from "./api/call.js";
import type { HostApi } from "./api/client.js";
import type { ProposalState, ProposalUpdates } from "./git-host.js";

/** Builds a path of the repository's API. */
type PathOf = (template: string, ...values: readonly (string | number)[]) => string;

const Pull = z.object({
  state: z.string(),
  merged: z.boolean().nullish(),
  head: z.object({ sha: z.string(), ref: z.string() }),
});
const MergeRequest = z.object({ state: z.string(), source_branch: z.string(), sha: z.string().nullish() });

/** Pull requests of GitHub, Gitea and Forgejo. `branchPath` is that of a branch, to delete it. */
export function pullRequestUpdates(
  api: HostApi,
  pathOf: PathOf,
  branchPath: (branch: string) => string,
  update: ProposalUpdates["update"],
): ProposalUpdates {
  return {
    get: async (number, signal) => {
      const found = await api.find({ ...contextOf(number, signal), path: pathOf("/pulls/{}", number), schema: Pull });
      if (found === undefined) return undefined;
      const { state, merged, head } = found;
      return { ...stateOf(merged === true ? "merged" : state), branch: head.ref, head: head.sha };
    },
    update,
    close: async (number, branch, signal) => {
      const call = contextOf(number, signal);
      const body = { state: "closed" };
      await api.send({ ...call, method: "PATCH", path: pathOf("/pulls/{}", number), body, schema: z.unknown() });
      await api.find({ ...call, method: "DELETE", path: branchPath(branch), schema: z.unknown() });
    },
  };
}

/** Merge requests of GitLab. */
export function mergeRequestUpdates(api: HostApi, pathOf: PathOf, update: ProposalUpdates["update"]): ProposalUpdates {
  return {
    get: async (number, signal) => {
      const path = pathOf("/merge_requests/{}", number);
      const found = await api.find({ ...contextOf(number, signal), path, schema: MergeRequest });
      return found && { ...stateOf(found.state), branch: found.source_branch, head: found.sha ?? "" };
    },
    update,
    close: async (number, branch, signal) => {
      const call = contextOf(number, signal);
      const path = pathOf("/merge_requests/{}", number);
      await api.send({ ...call, method: "PUT", path, body: { state_event: "close" }, schema: z.unknown() });
      const at = pathOf("/repository/branches/{}", branch);
      await api.find({ ...call, method: "DELETE", path: at, schema: z.unknown() });
    },
  };
}

function stateOf(state: string): Pick<ProposalState, "state"> {
  if (state === "merged") return { state: "Merged" };
  return { state: state === "closed" ? "Closed" : "Open" };
}

function contextOf(number: number, signal: AbortSignal): CallContext {
  return { operation: "propose_change", subject: `pull request ${number}`, signal };
}
