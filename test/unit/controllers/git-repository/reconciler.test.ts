import { expect } from "chai";
import type { Condition } from "../../../../src/api/conditions.js";
import type { GitRef } from "../../../../src/api/git-ref.js";
import type { GitRepositoryStatus } from "../../../../src/api/git-repository.js";
import { type TimeLimit, withDeadline } from "../../../../src/base/deadline.js";
import { HostRules } from "../../../../src/base/host-rules.js";
import { GitRepositoryReconciler } from "../../../../src/controllers/git-repository/reconciler.js";
import { RevisionIndex } from "../../../../src/controllers/git-repository/revision-index.js";
import type { GitRepositoryServices } from "../../../../src/controllers/git-repository/services.js";
import { SharedPolls } from "../../../../src/controllers/git-repository/shared-polls.js";
import type { GitEngine, RemoteRefs } from "../../../../src/git/engine.js";
import { GitError } from "../../../../src/git/errors.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { eventually, rejection } from "../../support/eventually.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";
import { cacheOf, repository } from "../support/resources.js";

const KEY = "shop/repo";
const COMMIT = "a".repeat(40);
const REFS: RemoteRefs = { refs: new Map([["refs/heads/main", COMMIT]]), head: undefined };

/** Ends only on abort, like a request to a hanging server. */
function hang(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** A reconciler of one repository with a controllable server. */
function rig({
  refsOf = [],
  refs = REFS,
  spec = {},
}: {
  refsOf?: readonly GitRef[];
  refs?: RemoteRefs;
  spec?: object;
} = {}) {
  const clock = new FakeClock();
  const conditions: Condition[][] = [];
  const events: string[] = [];
  const server = {
    listed: 0,
    fetched: 0,
    pruned: 0,
    list: (async () => refs) as (signal: AbortSignal) => Promise<RemoteRefs>,
    fetch: hang as (signal: AbortSignal) => Promise<never>,
  };
  const engine = {
    listRefs: (_: unknown, __: unknown, signal: AbortSignal) => {
      server.listed++;
      return server.list(signal);
    },
    fetch: (_: unknown, __: unknown, signal: AbortSignal, limit: TimeLimit) => {
      server.fetched++;
      return withDeadline({ ...limit, clock, signal }, server.fetch);
    },
    open: async () => undefined,
    prune: async () => void server.pruned++,
  } as unknown as GitEngine;
  const forgotten: string[] = [];
  let exists = true;
  const gone = (): void => {
    exists = false;
  };
  const it = repository(KEY, { spec: { ref: { branch: "main" }, interval: "1h", timeout: "5s", ...spec } });
  const index = new RevisionIndex();
  const services = {
    clock,
    engine,
    index,
    verifier: { verify: async () => undefined },
    polls: new SharedPolls(engine, clock),
    repositories: Object.assign(cacheOf([it]), { get: () => (exists ? it : undefined) }),
    status: {
      write: async (_: unknown, __: unknown, status: GitRepositoryStatus) => {
        conditions.push([...(status.conditions ?? [])]);
        Object.assign(it, { status });
      },
    },
    events: {
      record: (_: unknown, { reason, message }: { reason: string; message: string }) =>
        events.push(`${reason}: ${message}`),
    },
    refsOf: () => refsOf,
    takePollRequest: () => false,
    observer: {
      state() {},
      fetched() {},
      failed() {},
      polled() {},
      forgotten: (...name: string[]) => forgotten.push(name.join("/")),
    },
    onRevision() {},
    digestKey: "",
    allowedHosts: new HostRules(undefined),
    secrets: { retain() {}, read: async () => undefined },
  };
  const reconciler = new GitRepositoryReconciler(services as unknown as GitRepositoryServices);
  const stop = new AbortController();
  const logger = new FakeLogger();
  const reconcile = () => reconciler.reconcile(KEY, logger, stop.signal);
  /** Adds the commit to the store. */
  const reopen = (): void => {
    Object.assign(engine, { open: async () => ({ commit: { id: COMMIT, author: "a", message: "m", time: 0 } }) });
  };
  return { clock, conditions, events, index, server, stop, reconcile, forgotten, logger, gone, it, reopen };
}

describe("GitRepositoryReconciler", () => {
  const SAYS =
    /https:\/\/git\.example\.com\/shop\.git did not finish responding within spec\.timeout \(5s\).*raise spec\.timeout/;

  for (const [what, asked] of [
    ["lists its refs", "listed"],
    ["gives a commit", "fetched"],
  ] as const) {
    it(`reports spec.timeout when the server ${what} too late, and retries with increasing delay`, async () => {
      const { clock, conditions, events, server, reconcile } = rig();
      if (asked === "listed") server.list = hang;
      let before = 0;
      for (const attempt of [1, 2, 3]) {
        const reconciled = reconcile();
        await eventually("it is asked", () => server[asked] === attempt && clock.timers.length > 0);
        clock.advance(5_000);
        const { requeueAfterMs = 0 } = await reconciled;
        expect(requeueAfterMs).to.be.within(1_000 * 2 ** attempt * 0.8, 1_000 * 2 ** attempt * 1.2);
        expect(requeueAfterMs).to.be.greaterThan(before);
        before = requeueAfterMs;
        const said = Object.fromEntries((conditions.at(-1) ?? []).map((condition) => [condition.type, condition]));
        expect(said.Ready).to.include({ status: "False", reason: "FetchTimeout" });
        expect(said.Fetched).to.include({ status: "False", reason: "FetchTimeout" });
        expect(said.Reconciling).to.include({ status: "True", reason: "Retrying" });
        expect(said.Ready?.message).to.match(SAYS);
        clock.advance(requeueAfterMs);
      }
      expect(events[0])
        .to.match(SAYS)
        .and.match(/^FetchTimeout: /);
    });
  }

  it("asks a server that has not responded in time twice for no further ref in the same poll", async () => {
    const branches = ["main", ...Array.from({ length: 20 }, (_, at) => `b${at}`)];
    const refs = new Map(branches.map((name, at) => [`refs/heads/${name}`, String(at).padStart(40, "0")]));
    const refsOf = [...branches.map((branch) => ({ branch })), { branch: "not-there" }];
    const { clock, server, reconcile, conditions } = rig({ refsOf, refs: { refs, head: undefined } });
    const reconciled = reconcile();
    for (const asked of [1, 2]) {
      await eventually("it is asked", () => server.fetched === asked && clock.timers.length > 0);
      clock.advance(5_000);
    }
    await reconciled;
    expect(server).to.include({ listed: 1, fetched: 2 });
    expect(conditions.at(-1)?.find(({ type }) => type === "Ready")?.reason).to.equal("FetchTimeout");
  });

  it("records which refs of apps were verified, also if the repository's own one fails", async () => {
    const app = { branch: "release" };
    const {
      conditions,
      index,
      it: resource,
      reconcile,
    } = rig({
      refsOf: [app],
      spec: { verify: { secretRef: { name: "keys" } } },
    });
    const signed = { commit: COMMIT, mode: "HEAD" as const, keys: "k", signer: "jane", key: "1" };
    const remote = gitRemote("https://git.example.com/shop.git");
    const resolved = { remote, commit: COMMIT, revision: "release@sha1:a", verified: { ...signed, message: "signed" } };
    index.set(KEY, app, { resolved, error: undefined });
    await reconcile();
    expect(conditions.at(-1)?.find(({ type }) => type === "Ready")?.status).to.equal("False");
    expect(resource.status?.verified).to.deep.equal([{ ref: "branch=release", ...signed }]);
  });

  it("keeps the reason of the last failure until an attempt succeeds", async () => {
    const { clock, conditions, server, reconcile, it: resource, reopen } = rig();
    const ready = (): string[] =>
      conditions.map((all) => all.find(({ type }) => type === "Ready")).map((one) => `${one?.status} ${one?.reason}`);
    const fail = async (): Promise<void> => {
      const before = server.fetched;
      const reconciled = reconcile();
      await eventually("it is asked", () => server.fetched === before + 1 && clock.timers.length > 0);
      expect(conditions.at(-1)?.find(({ type }) => type === "Reconciling")?.status).to.equal("True");
      clock.advance(5_000);
      clock.advance((await reconciled).requeueAfterMs ?? 0);
    };
    for (let attempt = 0; attempt < 3; attempt++) await fail();
    expect(ready()).to.deep.equal(["Unknown Fetching", ...Array(3).fill("False FetchTimeout")]);
    const [, first, , last] = conditions.map((all) => all.find(({ type }) => type === "Ready"));
    expect(last?.lastTransitionTime).to.equal(first?.lastTransitionTime);
    // Another spec has not failed yet.
    Object.assign(resource.metadata, { generation: (resource.metadata.generation ?? 0) + 1 });
    await fail();
    expect(ready().slice(4)).to.deep.equal(["Unknown Fetching", "False FetchTimeout"]);
    reopen();
    await reconcile();
    expect(ready().at(-1)).to.equal("True Fetched");
  });

  it("logs each failure reason once, and the recovery", async () => {
    const { clock, server, reconcile, logger } = rig();
    const fails = async (reason: "GIT_CACHE_FULL" | "GIT_OBJECT_NOT_FOUND"): Promise<void> => {
      server.fetch = () => Promise.reject(new GitError(reason, "no room"));
      const { requeueAfterMs = 0 } = await reconcile();
      clock.advance(requeueAfterMs + 1);
    };
    await fails("GIT_CACHE_FULL");
    await fails("GIT_CACHE_FULL");
    await fails("GIT_OBJECT_NOT_FOUND");
    const said = logger.lines.filter(({ level }) => level !== "debug");
    expect(said.map(({ level, message }) => `${level} ${message}`)).to.deep.equal(
      Array(2).fill("warn repository cannot be fetched"),
    );
    expect(said[0]?.fields).to.include({ repository: KEY, reason: "CacheFull", error: "no room" });
  });

  it("forgets a deleted repository within one reconcile, including its metrics", async () => {
    const { reconcile, forgotten, gone, server } = rig();
    server.fetch = () => Promise.reject(new GitError("GIT_CACHE_FULL", "no room"));
    await reconcile();
    expect(forgotten).to.deep.equal([]);
    gone();
    await reconcile();
    expect(forgotten).to.deep.equal([KEY]);
  });

  it("drops unused stores before reporting a full cache", async () => {
    const { conditions, server, reconcile } = rig();
    server.fetch = () => Promise.reject(new GitError("GIT_CACHE_FULL", "no room"));
    await reconcile();
    expect(server).to.include({ pruned: 1, fetched: 2 });
    const ready = conditions.at(-1)?.find(({ type }) => type === "Ready");
    expect(ready).to.include({ status: "False", reason: "CacheFull", message: "no room" });
  });

  it("aborts a hanging request on stop without recording a failure", async () => {
    const { conditions, events, server, stop, reconcile } = rig();
    const reason = new Error("stopping");
    const reconciled = rejection(reconcile());
    await eventually("it fetches", () => server.fetched === 1);
    const before = conditions.length;
    stop.abort(reason);
    expect(await reconciled).to.equal(reason);
    expect(conditions).to.have.length(before);
    expect(events).to.deep.equal([]);
  });

  it("polls again right after an unexpected error instead of after the interval", async () => {
    const { server, reconcile } = rig();
    const odd = new Error("odd");
    server.fetch = () => Promise.reject(odd);
    expect(await rejection(reconcile())).to.equal(odd);
    expect(await rejection(reconcile())).to.equal(odd);
    expect(server.fetched).to.equal(2);
  });
});
