import { expect } from "chai";
import { type Clock, systemClock } from "../../../src/base/clock.js";
import { gitRemote } from "../../../src/git/remote.js";
import type { Bench } from "./engine-contract.js";
import { expectGitError } from "./support/expect-error.js";

/** What is kept of what was fetched, and how much of it. */
export function describeKeeping(bench: Bench): void {
  describe("prune and retain", () => {
    it("drop stores that nobody names", async () => {
      await bench.fetchTip();
      const other = gitRemote(bench.repo.url, { username: "u", password: "p" });
      await bench.engine.fetch(other, { commit: bench.first, ref: undefined }, bench.signal);
      await bench.engine.prune([bench.remote]);
      expect(await bench.engine.open(other, bench.first)).to.equal(undefined);
      expect(await bench.renew().open(other, bench.first)).to.equal(undefined);
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
      await bench.engine.fetch(other, { commit: bench.first, ref: undefined }, bench.signal);
      expect(await bench.engine.open(other, bench.first)).not.to.equal(undefined);
    });

    it("keep what is named, and what was fetched just now", async () => {
      await bench.fetchTip();
      await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
      const second = await bench.fetchTip();
      await bench.engine.retain(bench.remote, [bench.first]);
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
      expect(Object.keys(await bench.files(second))).to.have.length(3);
      const inAnHour: Clock = { ...systemClock, now: () => Date.now() + 3_600_000 };
      await bench.renew({ clock: inAnHour }).retain(bench.remote, [bench.first]);
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
      expect(await bench.engine.open(bench.remote, second)).to.equal(undefined);
      expect(await bench.fetchTip()).to.equal(second);
      expect((await bench.files(second))["apps/a.yaml"]).to.equal("a: 2\n");
    });

    it("make room in a full cache, which refuses new repositories and keeps the others", async () => {
      const other = gitRemote(bench.repo.url, { username: "u", password: "p" });
      const target = { commit: bench.first, ref: undefined };
      await bench.fetchTip();
      // Counted is what a process finds, too.
      bench.renew({ limits: { maxCacheBytes: 10 } });
      const error = await expectGitError("GIT_CACHE_FULL", () => bench.engine.fetch(other, target, bench.signal));
      expect(error.message).to.include(bench.repo.url).and.include("--git-cache-bytes");
      expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
      await bench.engine.prune([other]);
      expect(await bench.engine.fetch(other, target, bench.signal)).to.have.property("fetched", true);
      await expectGitError("GIT_CACHE_FULL", () => bench.fetchTip());
    });

    it("keep all commits readable when a store is packed anew", async () => {
      bench.renew({ limits: { maxPacks: 3 } });
      const commits: string[] = [];
      for (let round = 0; round < 10; round++) {
        await bench.repo.commit({ "apps/a.yaml": `a: ${round}\n` }, `round ${round}`);
        commits.push(await bench.fetchTip());
      }
      for (const [round, commit] of commits.entries()) {
        expect((await bench.files(commit))["apps/a.yaml"]).to.equal(`a: ${round}\n`);
      }
      bench.renew();
      expect((await bench.files(commits[0] ?? ""))["apps/a.yaml"]).to.equal("a: 0\n");
      const next = await bench.repo.commit({ "apps/a.yaml": "a: 99\n" }, "next");
      const result = await bench.engine.fetch(bench.remote, { commit: next, ref: "refs/heads/main" }, bench.signal);
      expect(result.objects).to.equal(4);
    });
  });
}
