import { expect } from "chai";
import { SharedPolls } from "../../../../src/controllers/git-repository/shared-polls.js";
import type { GitEngine, GitRemote, RemoteRefs } from "../../../../src/git/engine.js";
import { eventually, rejection } from "../../support/eventually.js";
import { FakeClock } from "../../support/fake-clock.js";

const remote = (id: string): GitRemote => ({ url: "https://git.example.com/a.git", credential: undefined, id });
const A = remote("a");
const HEADS = ["refs/heads/"];
const BOTH = ["refs/heads/", "refs/tags/"];
const MINUTE = 60_000;

/** Polls of an engine that counts requests and can be made to fail. */
function polling() {
  const clock = new FakeClock();
  const asked: string[] = [];
  const seen: string[] = [];
  const state = { failing: false };
  const engine = {
    listRefs: async ({ id }: GitRemote, prefixes: readonly string[]): Promise<RemoteRefs> => {
      asked.push(`${id} ${prefixes.join(" ")}`);
      if (state.failing) throw new Error("unreachable");
      return { refs: new Map(), head: undefined };
    },
  } as unknown as GitEngine;
  const polls = new SharedPolls(engine, clock, (result) => seen.push(result));
  const { signal } = new AbortController();
  const list = (of: GitRemote, prefixes: readonly string[], maxAgeMs = MINUTE) =>
    polls.list(of, prefixes, maxAgeMs, signal);
  return { clock, asked, seen, state, polls, list };
}

/** An engine whose polls end only on abort. */
function hanging() {
  const begun: AbortSignal[] = [];
  const listRefs = (_: GitRemote, __: readonly string[], signal: AbortSignal): Promise<RemoteRefs> => {
    begun.push(signal);
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  return { begun, engine: { listRefs } as unknown as GitEngine };
}

describe("SharedPolls", () => {
  it("shares one poll among callers whose maximum age it meets", async () => {
    const { asked, clock, list, seen } = polling();
    const first = await list(A, HEADS);
    clock.advance(MINUTE - 1);
    expect(await list(A, HEADS)).to.equal(first);
    expect(asked).to.deep.equal(["a refs/heads/"]);
    expect(seen).to.deep.equal(["success"]);
    clock.advance(1);
    expect(await list(A, HEADS)).not.to.equal(first);
    expect(asked).to.have.length(2);
  });

  it("shares a running poll", async () => {
    const { asked, list } = polling();
    const [first, second] = [list(A, HEADS), list(A, HEADS)];
    expect(await first).to.equal(await second);
    expect(asked).to.have.length(1);
  });

  it("polls again for a caller that accepts no earlier result", async () => {
    const { asked, list } = polling();
    await list(A, HEADS);
    await list(A, HEADS, 0);
    expect(asked).to.have.length(2);
  });

  it("polls again for additional prefixes, but not for fewer", async () => {
    const { asked, list } = polling();
    await list(A, HEADS);
    await list(A, BOTH);
    await list(A, HEADS);
    await list(A, []);
    expect(asked).to.deep.equal(["a refs/heads/", "a refs/heads/ refs/tags/"]);
  });

  it("never shares between remotes with different URLs or credentials", async () => {
    const { asked, list } = polling();
    await list(A, HEADS);
    await list(remote("b"), HEADS);
    expect(asked).to.deep.equal(["a refs/heads/", "b refs/heads/"]);
  });

  it("does not cache a failure", async () => {
    const { asked, list, seen, state } = polling();
    state.failing = true;
    const failures = await Promise.allSettled([list(A, HEADS), list(A, HEADS)]);
    expect(failures.map(({ status }) => status)).to.deep.equal(["rejected", "rejected"]);
    state.failing = false;
    await list(A, HEADS);
    expect(asked).to.have.length(2);
    expect(seen).to.deep.equal(["failure", "success"]);
  });

  it("aborts each caller by its own signal, and polls again for those still waiting", async () => {
    const { engine, begun } = hanging();
    const polls = new SharedPolls(engine, new FakeClock());
    const [one, two, three, four] = [1, 2, 3, 4].map(() => new AbortController());
    const ask = ({ signal }: AbortController) => polls.list(A, HEADS, MINUTE, signal);
    const asked = [one, two, three, four].map((controller) => rejection(ask(controller as AbortController)));
    expect(begun).to.have.length(1);
    two?.abort(new Error("two"));
    expect(await asked[1]).to.have.property("message", "two");
    expect(begun[0]?.aborted, "others wait for it").to.equal(false);
    one?.abort(new Error("one"));
    expect(await asked[0]).to.have.property("message", "one");
    await eventually("it is asked anew", () => begun.length === 2);
    three?.abort(new Error("three"));
    four?.abort(new Error("four"));
    expect(await asked[2]).to.have.property("message", "three");
    expect(await asked[3]).to.have.property("message", "four");
    expect(begun).to.have.length(2);
  });

  it("keeps a newer result when an older poll fails", async () => {
    const { asked, list, state } = polling();
    state.failing = true;
    const old = list(A, HEADS);
    state.failing = false;
    const newer = list(A, HEADS, 0);
    await Promise.allSettled([old]);
    expect(await list(A, HEADS)).to.equal(await newer);
    expect(asked).to.have.length(2);
  });

  it("drops remotes that are no longer polled", async () => {
    const { asked, list, polls } = polling();
    await list(A, HEADS);
    await list(remote("b"), HEADS);
    polls.retain(new Set(["b"]));
    await list(A, HEADS);
    await list(remote("b"), HEADS);
    expect(asked).to.deep.equal(["a refs/heads/", "b refs/heads/", "a refs/heads/"]);
  });
});
