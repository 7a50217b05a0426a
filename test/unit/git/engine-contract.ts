import { expect } from "chai";
import type { Clock } from "../../../src/base/clock.js";
import { systemClock } from "../../../src/base/clock.js";
import type { FailpointHook } from "../../../src/base/failpoint.js";
import type { ProxyRules } from "../../../src/base/proxy.js";
import type { GitEngine, GitRemote, GitSnapshot } from "../../../src/git/engine.js";
import type { GitErrorCode } from "../../../src/git/errors.js";
import type { GitLimits } from "../../../src/git/limits.js";
import { resolveRemoteRef } from "../../../src/git/refs/resolve-remote-ref.js";
import { gitRemote } from "../../../src/git/remote.js";
import { type GitFault, type GitRepo, type GitServer, holdRequests, startGitServer } from "../../support/git-server.js";
import { describeFaults } from "./engine-contract-faults.js";
import { describeKeeping } from "./engine-contract-keeping.js";
import { describeNetwork } from "./engine-contract-network.js";
import { describeProxies } from "./engine-contract-proxies.js";
import { describeReading } from "./engine-contract-reading.js";
import { describeTypes } from "./engine-contract-types.js";
import { expectGitError } from "./support/expect-error.js";
import { temporaryDirectory } from "./support/temporary.js";

/** Makes the engine under test over a cache directory of its own. */
export type MakeEngine = (options: {
  readonly cacheDir: string;
  readonly clock: Clock;
  readonly failpoint?: FailpointHook;
  readonly limits?: Partial<GitLimits>;
  readonly proxies?: ProxyRules;
}) => GitEngine;

/** What every part of the contract works with: a real Git server, a repository with one commit, an engine. */
export class Bench {
  readonly make: MakeEngine;
  server!: GitServer;
  repo!: GitRepo;
  engine!: GitEngine;
  cacheDir!: string;
  remote!: GitRemote;
  first!: string;
  readonly signal = new AbortController().signal;
  #count = 0;

  constructor(make: MakeEngine) {
    this.make = make;
  }

  /** A new repository and a new engine with an empty cache. */
  async reset(): Promise<void> {
    this.server.setFault(undefined);
    this.repo = await this.server.createRepository(`apps-${++this.#count}`);
    this.first = await this.repo.commit(
      { "apps/a.yaml": "a: 1\n", "apps/b.yaml": "b: 1\n", "README.md": "# Apps\n" },
      "first",
    );
    this.cacheDir = await temporaryDirectory();
    this.remote = gitRemote(this.repo.url);
    this.renew();
    this.server.clearRequests();
  }

  /** Another engine over the same cache directory, as after a restart. */
  renew(options: Partial<Omit<Parameters<MakeEngine>[0], "cacheDir">> = {}): GitEngine {
    this.engine = this.make({ clock: systemClock, ...options, cacheDir: this.cacheDir });
    return this.engine;
  }

  /** Fetches the tip of `branch`; returns its commit. */
  async fetchTip(branch = "main"): Promise<string> {
    const target = await resolveRemoteRef(this.engine, this.remote, { branch }, this.signal);
    await this.engine.fetch(this.remote, target, this.signal);
    return target.commit;
  }

  async open(commit: string): Promise<GitSnapshot> {
    const snapshot = await this.engine.open(this.remote, commit);
    if (snapshot === undefined) return expect.fail(`commit ${commit} is not in the store`);
    return snapshot;
  }

  /** Path and text of all files of a commit; fails when anything of it is missing. */
  async files(commit: string): Promise<Record<string, string>> {
    const snapshot = await this.open(commit);
    const root = await snapshot.treeAt("");
    const files = await snapshot.listFiles(root?.id ?? "", { maxFiles: 10_000, maxDepth: 50 });
    const texts = files.map(
      async ({ path, blob }) => [path, Buffer.from(await snapshot.readBlob(blob)).toString()] as const,
    );
    return Object.fromEntries(await Promise.all(texts));
  }

  /** From now on every answer with a pack goes wrong. */
  fault(fault: GitFault): void {
    this.server.setFault(({ kind }) => (kind === "fetch" ? fault : undefined));
  }

  /** Expects that a fetch of `commit` fails, and that nothing of it can be seen afterwards, also after a restart. */
  async expectNothing(commit: string, ...codes: readonly GitErrorCode[]): Promise<void> {
    const target = { commit, ref: "refs/heads/main" };
    const error = await this.engine.fetch(this.remote, target, this.signal).catch((caught: unknown) => caught);
    expect(error).to.have.property("code").that.is.oneOf(codes);
    expect(await this.engine.open(this.remote, commit)).to.equal(undefined);
    expect(await this.renew().open(this.remote, commit)).to.equal(undefined);
  }
}

/** What every Git engine has to keep, over a real server. `describe`s itself. */
export function describeGitEngine(name: string, make: MakeEngine): void {
  describe(`${name}: the contract of a Git engine`, function () {
    this.timeout(30_000);
    const bench = new Bench(make);

    before(async () => {
      bench.server = await startGitServer();
    });
    after(() => bench.server.stop());
    beforeEach(() => bench.reset());
    afterEach(() => bench.engine.close());

    describeFetching(bench);
    describeReading(bench);
    describeFaults(bench);
    describeNetwork(bench);
    describeKeeping(bench);
    describeTypes(bench);
    describeProxies(bench);
  });
}

function describeFetching(bench: Bench): void {
  describe("fetch", () => {
    it("brings a commit, once", async () => {
      const target = { commit: bench.first, ref: "refs/heads/main" };
      expect(await bench.engine.open(bench.remote, bench.first)).to.equal(undefined);
      const result = await bench.engine.fetch(bench.remote, target, bench.signal);
      expect(result).to.deep.include({ fetched: true, objects: 6 });
      expect(await bench.files(bench.first)).to.deep.equal({
        "README.md": "# Apps\n",
        "apps/a.yaml": "a: 1\n",
        "apps/b.yaml": "b: 1\n",
      });
      bench.server.clearRequests();
      const again = await bench.engine.fetch(bench.remote, target, bench.signal);
      expect(again).to.deep.equal({ fetched: false, bytes: 0, objects: 0 });
      expect(bench.server.count()).to.equal(0);
    });

    it("polls by one request", async () => {
      for (let i = 0; i < 3; i++) await resolveRemoteRef(bench.engine, bench.remote, { branch: "main" }, bench.signal);
      expect(bench.server.count()).to.equal(3);
    });

    it("finds a commit after a restart", async () => {
      await bench.fetchTip();
      bench.renew();
      bench.server.clearRequests();
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
      expect(bench.server.count()).to.equal(0);
    });

    it("brings only what is new, also after a restart", async () => {
      const many = Object.fromEntries(
        Array.from({ length: 300 }, (_, i) => [`many/${i}.yaml`, `value: ${Math.sin(i)}\n`]),
      );
      await bench.repo.commit(many, "many");
      await bench.fetchTip();
      for (const round of [1, 2]) {
        const commit = await bench.repo.commit({ "many/7.yaml": `round: ${round}\n` }, `round ${round}`);
        const result = await bench.engine.fetch(bench.remote, { commit, ref: "refs/heads/main" }, bench.signal);
        expect(result.objects).to.equal(4);
        expect(result.bytes).to.be.below(20_000);
        expect((await bench.files(commit))["many/7.yaml"]).to.equal(`round: ${round}\n`);
        bench.renew();
      }
    });

    it("follows a forced push, and keeps what was before", async () => {
      await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
      const second = await bench.fetchTip();
      await bench.repo.forcePush({ "apps/a.yaml": "a: 3\n" }, "other second");
      const other = await bench.fetchTip();
      expect((await bench.files(other))["apps/a.yaml"]).to.equal("a: 3\n");
      expect((await bench.files(second))["apps/a.yaml"]).to.equal("a: 2\n");
    });

    it("goes back to an earlier commit", async () => {
      await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
      await bench.repo.commit({ "apps/a.yaml": "a: 3\n" }, "third");
      await bench.fetchTip();
      await bench.repo.setBranch("main", bench.first);
      expect(await bench.fetchTip()).to.equal(bench.first);
      expect((await bench.files(bench.first))["apps/a.yaml"]).to.equal("a: 1\n");
    });

    it("brings branches that know nothing of each other", async () => {
      await bench.fetchTip();
      const other = await bench.repo.commit({ "x.yaml": "x: 1\n" }, "other root", { branch: "other", parent: null });
      expect(await bench.fetchTip("other")).to.equal(other);
      expect(Object.keys(await bench.files(other))).to.deep.equal(["x.yaml"]);
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
    });

    it("takes annotated tags at their commit", async () => {
      await bench.repo.tag("v1.0.0", { message: "one" });
      await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
      const target = await resolveRemoteRef(bench.engine, bench.remote, { semver: "1.x" }, bench.signal);
      expect(target).to.deep.include({ commit: bench.first, ref: "refs/tags/v1.0.0" });
      await bench.engine.fetch(bench.remote, target, bench.signal);
      expect((await bench.files(bench.first))["apps/a.yaml"]).to.equal("a: 1\n");
    });

    it("brings a commit by its id alone, also one that is not the tip", async () => {
      await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
      await bench.engine.fetch(bench.remote, { commit: bench.first, ref: undefined }, bench.signal);
      expect((await bench.files(bench.first))["apps/a.yaml"]).to.equal("a: 1\n");
    });

    it("names what is near when a branch is missing, by a second request", async () => {
      const error = await expectGitError("GIT_REF_NOT_FOUND", () => bench.fetchTip("mian"));
      expect(error.message).to.include('similar names: "main"');
      expect(bench.server.count()).to.equal(2);
    });

    it("tells an empty repository, and finds its first commit", async () => {
      const repo = await bench.server.createRepository(`empty-${bench.first}`);
      bench.remote = gitRemote(repo.url);
      await expectGitError("GIT_EMPTY_REPOSITORY", () => bench.fetchTip());
      const commit = await repo.commit({ a: "1" }, "first");
      expect(await bench.fetchTip()).to.equal(commit);
    });

    it("works where HEAD points at a branch that is not there", async () => {
      await bench.repo.git("symbolic-ref", "HEAD", "refs/heads/gone");
      expect(await bench.fetchTip()).to.equal(bench.first);
      await expectGitError("GIT_REF_NOT_FOUND", () => resolveRemoteRef(bench.engine, bench.remote, {}, bench.signal));
    });

    it("does the work once for many who ask at the same time", async () => {
      const target = { commit: bench.first, ref: "refs/heads/main" };
      const gate = holdRequests();
      bench.fault({ kind: "delay", until: gate.until });
      const works = Array.from({ length: 5 }, () => bench.engine.fetch(bench.remote, target, bench.signal));
      gate.release();
      const fetched = (await Promise.all(works)).filter((result) => result.fetched);
      expect(fetched).to.have.length(1);
      expect(bench.server.requests.filter(({ kind }) => kind === "fetch")).to.have.length(1);
    });

    it("keeps stores of different credentials apart", async () => {
      await bench.fetchTip();
      const other = gitRemote(bench.repo.url, { username: "u", password: "p" });
      expect(await bench.engine.open(other, bench.first)).to.equal(undefined);
    });
  });
}
