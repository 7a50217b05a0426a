import { expect } from "chai";
import type { GitRepository } from "../../../src/api/git-repository.js";
import type { OverseerApp } from "../../../src/api/overseer-app.js";
import type { PromotionPullRequest } from "../../../src/api/promotion.js";
import { systemClock } from "../../../src/base/clock.js";
import {
  PromotionProposer,
  type ProposalMemory,
  type ProposerServices,
} from "../../../src/controllers/promotion-pull-request/proposer.js";
import {
  proposalId,
  type WantedPullRequest,
} from "../../../src/controllers/promotion-pull-request/wanted-pull-request.js";
import type { GitHost, ProposalState } from "../../../src/git/index.js";

const URL_A = "https://git.example.com/team/a.git";
const URL_B = "https://git.example.com/team/b.git";
const WANTED: WantedPullRequest = {
  ...{ kind: "Propose", id: "v1", base: "main", baseCommit: "aaa", files: { "a.yaml": "b" }, title: "t", body: "b" },
};
const KNOWN: PromotionPullRequest = { state: "Open", id: "v1", number: 7, url: `${URL_A}/7`, head: "hhh" };
const MINE: ProposalState = { state: "Open", branch: "overseer/promote/prod/web-v1", head: "hhh" };
const logger = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

/** Runs one call for an app of the repository `url`, at a host that has pull request 7. */
async function run(url: string, known: PromotionPullRequest, at: ProposalState, wanted = WANTED) {
  const calls: string[] = [];
  const events: string[] = [];
  const memory: ProposalMemory = { wantedPullRequest: wanted, pullRequest: known };
  const app = { metadata: { namespace: "prod", name: "web", uid: "u" } } as OverseerApp;
  const repository = {
    metadata: { namespace: "prod", name: "shop", uid: "r", generation: 1 },
    spec: { url, provider: { pullRequests: true } },
  } as unknown as GitRepository;
  const host = {
    type: "GitHub",
    proposals: {
      get: async (number: number) => {
        calls.push(`get ${number}`);
        return number === 7 ? at : { ...MINE, head: "new" };
      },
      update: async (number: number) => void calls.push(`update ${number}`),
      close: async (number: number) => void calls.push(`close ${number}`),
    },
    proposeChange: async ({ branch }: { branch: string }) => {
      calls.push(`propose ${branch}`);
      return { number: 8, url: `${url}/8`, created: true };
    },
  } as unknown as GitHost;
  const services = {
    clock: systemClock,
    apps: { get: () => app },
    repositories: { get: () => repository },
    memories: new Map([["prod/web", memory]]),
    events: { record: (_: unknown, { reason }: { reason: string }) => void events.push(reason) },
    repositoryOf: () => "prod/shop",
    open: async () => host,
    onChanged: () => {},
  } as unknown as ProposerServices;
  await new PromotionProposer(services).reconcile("prod/web", logger as never, new AbortController().signal);
  return { calls, events, pullRequest: memory.pullRequest };
}

describe("the pull request of a promotion", () => {
  const opened = { state: "Open", id: "v1", number: 8, head: "new" };

  it("is that of its repository: the number is not looked up in another one", async () => {
    const here = await run(URL_A, { ...KNOWN, repository: URL_A }, MINE);
    expect(here).to.deep.equal({ calls: ["get 7"], events: [], pullRequest: { ...KNOWN, repository: URL_A } });
    const moved = await run(URL_B, { ...KNOWN, repository: URL_A }, MINE);
    expect(moved.calls).to.deep.equal(["propose overseer/promote/prod/web-v1", "get 8"]);
    expect(moved.pullRequest).to.deep.equal({ ...opened, url: `${URL_B}/8`, repository: URL_B });
    const ended = await run(URL_B, { ...KNOWN, repository: URL_A }, MINE, { kind: "None" });
    expect(ended).to.deep.equal({ calls: [], events: [], pullRequest: null });
    const declined = await run(URL_B, { ...KNOWN, state: "Declined", repository: URL_A }, MINE);
    expect(declined.pullRequest).to.include({ number: 8, repository: URL_B });
  });

  it("has an ID of its own in each repository", () => {
    const id = (repository: string): string => proposalId({ app: "prod/web", repository, base: "main", versions: [] });
    expect(id(URL_A)).to.not.equal(id(URL_B));
  });

  it("is never one of another branch, open or ended", async () => {
    for (const state of ["Open", "Merged", "Closed"] as const) {
      const { calls, pullRequest } = await run(URL_A, KNOWN, { ...MINE, state, branch: "feature" });
      expect(calls, state).to.deep.equal(["get 7", "propose overseer/promote/prod/web-v1", "get 8"]);
      expect(pullRequest, state).to.include(opened);
    }
  });

  it("is reported when its branch has commits of others", async () => {
    const { calls, pullRequest } = await run(URL_A, KNOWN, { ...MINE, head: "theirs" });
    expect(calls).to.deep.equal(["get 7"]);
    expect(pullRequest?.message).to.contain("its branch has commits of others: review them");
    expect(pullRequest).to.include({ state: "Open", number: 7, head: "hhh" });
    expect((await run(URL_A, KNOWN, { ...MINE, state: "Closed" })).pullRequest).to.include({ state: "Declined" });
  });
});
