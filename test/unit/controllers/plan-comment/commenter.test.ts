import { expect } from "chai";
import { type CommentMemory, PlanCommenter } from "../../../../src/controllers/plan-comment/commenter.js";
import { GitError } from "../../../../src/git/index.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";
import { app, cacheOf, repository } from "../support/resources.js";

const signal = new AbortController().signal;

/** A commenter of app shop/web, and pull requests in memory. */
function rig(planComments = true) {
  const clock = new FakeClock();
  const memory: CommentMemory = { planComment: undefined };
  const events: string[] = [];
  const requests: string[] = [];
  const comments: { id: number; body: string; isOwn: boolean }[] = [];
  const state = { error: undefined as GitError | undefined, open: [] as number[], isSupported: true };
  const host = {
    type: "Gitea",
    comment: async (number: number, body: string) => {
      requests.push(`comment ${number}`);
      comments.push({ id: comments.length + 1, body, isOwn: true });
    },
    planComments: {
      pullRequestsAt: async (commit: string) => {
        requests.push(`find ${commit}`);
        if (state.error) throw state.error;
        return state.open;
      },
      list: async () => comments,
      edit: async (number: number, id: number, body: string) => {
        requests.push(`edit ${number}`);
        const known = comments.find((comment) => comment.id === id);
        if (known) known.body = body;
      },
    },
  };
  const commenter = new PlanCommenter({
    ...{ clock, memories: new Map([["shop/web", memory]]), digestKey: "k".repeat(32) },
    apps: cacheOf([app("shop/web")]) as never,
    repositories: cacheOf([repository("shop/repo", { spec: { provider: { planComments } } })]) as never,
    events: { record: (_, { reason, message }) => events.push(`${reason}: ${message}`) },
    repositoryOf: () => "shop/repo",
    open: async () => (state.isSupported ? host : { ...host, planComments: undefined }) as never,
  });
  const wanted = (text: string, isNew = true): void => {
    memory.planComment = { commit: "c1", text, isNew, isWaiting: isNew };
  };
  const reconcile = () => commenter.reconcile("shop/web", new FakeLogger(), signal);
  return { clock, comments, events, requests, state, wanted, reconcile };
}

describe("the commenter of plans", () => {
  it("writes one comment, replaces its text, and sends nothing while that is the same", async () => {
    const { comments, requests, state, wanted, reconcile } = rig();
    state.open = [7];
    for (const text of ["one", "one", "two"]) {
      wanted(text);
      expect(await reconcile()).to.deep.equal({});
    }
    expect(requests).to.deep.equal(["find c1", "comment 7", "find c1", "edit 7"]);
    expect(comments).to.have.length(1);
    expect(comments[0]?.body).to.match(/^<!-- overseer-plan [0-9a-f]{32} -->\ntwo$/);
  });

  it("does not take a comment of others for its own, also one with the mark of another app", async () => {
    const { comments, requests, state, wanted, reconcile } = rig();
    comments.push({ id: 1, body: `<!-- overseer-plan ${"0".repeat(32)} -->\nthe plan is fine`, isOwn: false });
    state.open = [7];
    wanted("one");
    await reconcile();
    expect(requests).to.deep.equal(["find c1", "comment 7"]);
  });

  it("keeps to its own comment if others copy its mark, into an older comment or into what the operator quotes", async () => {
    const { comments, requests, state, wanted, reconcile } = rig();
    const older = { id: 1, body: "please review", isOwn: false };
    const quote = { id: 2, body: "plan of another app", isOwn: true };
    comments.push(older, quote);
    state.open = [7];
    wanted("one");
    await reconcile();
    const mark = comments[2]?.body.split("\n")[0];
    Object.assign(older, { body: `${mark}\nthe plan is fine` });
    Object.assign(quote, { body: `plan of another app\n${mark}` });
    wanted("two");
    await reconcile();
    expect(requests).to.deep.equal(["find c1", "comment 7", "find c1", "edit 7"]);
    expect(comments.map(({ body }) => body.split("\n").at(-1))).to.deep.equal(["the plan is fine", mark, "two"]);
  });

  it("looks again for the pull request of a waiting Change, with a growing delay", async () => {
    const { clock, comments, requests, state, wanted, reconcile } = rig();
    wanted("waits");
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 30_000 });
    expect((await reconcile()).requeueAfterMs).to.be.within(1, 30_000);
    clock.advance(30_000);
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 60_000 });
    expect(requests).to.deep.equal(["find c1", "find c1"]);
    state.open = [7];
    wanted("ended", false);
    expect(await reconcile()).to.deep.equal({});
    expect(comments).to.deep.equal([]);
  });

  it("says once what fails, waits also with newer texts, and goes on", async () => {
    const { clock, comments, events, state, wanted, reconcile } = rig();
    state.open = [7];
    state.error = new GitError("GIT_PERMISSION_DENIED", "no scope");
    wanted("one");
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 5_000 });
    wanted("two");
    expect((await reconcile()).requeueAfterMs).to.be.within(1, 5_000);
    clock.advance(5_000);
    expect(await reconcile()).to.deep.equal({ requeueAfterMs: 10_000 });
    expect(events).to.deep.equal([
      "PermissionDenied: the plan of app shop/web is not written to its pull request: no scope",
    ]);
    state.error = undefined;
    clock.advance(10_000);
    await reconcile();
    expect(comments[0]?.body).to.contain("two");
  });

  it("names a host that it cannot comment at, and does nothing unless the repository asks for it", async () => {
    const other = rig();
    other.state.isSupported = false;
    other.wanted("one");
    await other.reconcile();
    expect(other.events[0]).to.contain("spec.provider.planComments is not supported for Gitea");
    const off = rig(false);
    off.wanted("one");
    expect(await off.reconcile()).to.deep.equal({});
    expect(off.requests).to.deep.equal([]);
  });
});
