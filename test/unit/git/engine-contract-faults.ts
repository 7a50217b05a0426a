import { expect } from "chai";
import type { GitErrorCode } from "../../../src/git/errors.js";
import { NativeGitEngine } from "../../../src/git/native/engine.js";
import { gitRemote } from "../../../src/git/remote.js";
import { type GitFault, startGitServer } from "../../support/git-server.js";
import type { Bench } from "./engine-contract.js";
import { expectGitError } from "./support/expect-error.js";
import { commitTree, treeRow, writeObject } from "./support/git-objects.js";

/** What a server can do wrong in the middle of a pack, and what it is called. */
const FAULTS: readonly [name: string, fault: GitFault, codes: readonly GitErrorCode[]][] = [
  ["breaks the connection", { kind: "cut" }, ["GIT_UNREACHABLE"]],
  ["ends as if all were said", { kind: "end" }, ["GIT_INCOMPLETE", "GIT_PACK_CORRUPT"]],
  ["flips a bit", { kind: "flip" }, ["GIT_PACK_CORRUPT"]],
  ["gives up with a fatal error", { kind: "fatal", message: "out of memory" }, ["GIT_REMOTE_FAILED"]],
];

/** What happens when a server, the network or this process fails in the middle: nothing half can ever be seen. */
export function describeFaults(bench: Bench): void {
  describe("a server that in the middle of the pack", () => {
    for (const [name, fault, codes] of FAULTS) {
      it(`${name} on the first fetch leaves nothing, and the next fetch is whole`, async () => {
        bench.fault(fault);
        await bench.expectNothing(bench.first, ...codes);
        bench.server.setFault(undefined);
        expect(await bench.fetchTip()).to.equal(bench.first);
        expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
      });

      it(`${name} on a later fetch leaves what was there, and the next fetch is whole`, async () => {
        await bench.fetchTip();
        const second = await bench.repo.commit({ "apps/a.yaml": "a: 2\n", "apps/new/c.yaml": "c: 1\n" }, "second");
        bench.fault(fault);
        await bench.expectNothing(second, ...codes);
        expect((await bench.files(bench.first))["apps/a.yaml"]).to.equal("a: 1\n");
        bench.server.setFault(undefined);
        expect(await bench.fetchTip()).to.equal(second);
        expect((await bench.files(second))["apps/a.yaml"]).to.equal("a: 2\n");
      });
    }

    it("says why in the error, when it says so", async () => {
      bench.fault({ kind: "fatal", message: "out of memory" });
      const target = { commit: bench.first, ref: undefined };
      const error = await expectGitError("GIT_REMOTE_FAILED", () =>
        bench.engine.fetch(bench.remote, target, bench.signal),
      );
      expect(error.message).to.include("out of memory");
    });
  });

  describe("a repository", () => {
    it("that misses a file is refused, and fetched once it is whole", async () => {
      const missing = "1".repeat(40);
      const apps = writeObject(bench.repo, "tree", treeRow("100644", "gone.yaml", missing));
      const commit = await commitTree(bench.repo, writeObject(bench.repo, "tree", treeRow("40000", "apps", apps)));
      const error = await bench.engine
        .fetch(bench.remote, { commit, ref: "refs/heads/main" }, bench.signal)
        .catch((caught: unknown) => caught);
      expect(error)
        .to.have.property("code")
        .that.is.oneOf(["GIT_INCOMPLETE", "GIT_REMOTE_FAILED", "GIT_PACK_CORRUPT", "GIT_COMMIT_NOT_FOUND"]);
      expect(await bench.engine.open(bench.remote, commit)).to.equal(undefined);
    });

    it("with a file larger than allowed gives it to nobody, and says what to do", async () => {
      bench.renew({ limits: { maxObjectBytes: 100_000 } });
      const commit = await bench.repo.commit({ zeros: Buffer.alloc(5_000_000), "a.yaml": "a: 1\n" }, "bomb");
      const read = async (path: string): Promise<string> => {
        await bench.engine.fetch(bench.remote, { commit, ref: "refs/heads/main" }, bench.signal);
        const snapshot = await bench.open(commit);
        return Buffer.from(await snapshot.readBlob((await snapshot.treeAt(path))?.id ?? "")).toString();
      };
      for (let round = 0; round < 2; round++) {
        const error = await expectGitError("GIT_TOO_LARGE", () => read("zeros"));
        expect(error.message).to.include("5000000 bytes").and.include("100000").and.include("--git-max-object-bytes");
        // Others are not harmed where the engine can tell them apart.
        if (bench.engine instanceof NativeGitEngine) expect(await read("a.yaml")).to.equal("a: 1\n");
        else expect(await bench.engine.open(bench.remote, commit)).to.equal(undefined);
      }
    });

    it("larger than allowed is refused on the way", async () => {
      bench.renew({ limits: { maxPackBytes: 300 } });
      const commit = await bench.repo.commit(
        { noise: Buffer.from(Array.from({ length: 900 }, (_, i) => (i * i * 31) % 251)) },
        "large",
      );
      await bench.expectNothing(commit, "GIT_TOO_LARGE");
    });

    it("does not serve a commit that is not there", async () => {
      const target = { commit: "1".repeat(40), ref: undefined };
      const error = await expectGitError("GIT_COMMIT_NOT_FOUND", () =>
        bench.engine.fetch(bench.remote, target, bench.signal),
      );
      expect(error.message).to.include(target.commit);
    });

    it("whose branch has moved away from the commit says so", async () => {
      const target = { commit: "1".repeat(40), ref: "refs/heads/main" };
      await expectGitError("GIT_COMMIT_NOT_FOUND", () => bench.engine.fetch(bench.remote, target, bench.signal));
      expect(await bench.engine.open(bench.remote, bench.first)).to.equal(undefined);
    });

    it("refuses a ref that is no commit", async () => {
      const blob = writeObject(bench.repo, "blob", "x");
      await bench.repo.git("update-ref", "refs/tags/blob", blob);
      await bench.expectNothing(blob, "GIT_NOT_A_COMMIT");
    });

    it("behind a password is open to those who know it alone", async () => {
      const server = await startGitServer({ root: bench.server.root, auth: { username: "u", password: "right" } });
      try {
        const url = bench.repo.url.replace(bench.server.url, server.url);
        const target = { commit: bench.first, ref: "refs/heads/main" };
        for (const credential of [undefined, { username: "u", password: "canary" }]) {
          const remote = gitRemote(url, credential);
          const error = await expectGitError("GIT_AUTH_FAILED", () => bench.engine.fetch(remote, target, bench.signal));
          expect(error.message).not.to.include("canary");
          expect(await bench.engine.open(remote, bench.first)).to.equal(undefined);
        }
        const known = gitRemote(url, { username: "u", password: "right" });
        expect(await bench.engine.fetch(known, target, bench.signal)).to.deep.include({ fetched: true });
      } finally {
        await server.stop();
      }
    });
  });

  describe("a process that ends", () => {
    for (const point of ["git:after-fetch", "git:after-verified"] as const) {
      it(`at ${point} finds a store that works`, async () => {
        await bench.fetchTip();
        const second = await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
        const end = new Error("ended");
        bench.renew({
          failpoint: (reached) => {
            if (reached === point) throw end;
          },
        });
        const target = { commit: second, ref: "refs/heads/main" };
        const error = await bench.engine.fetch(bench.remote, target, bench.signal).catch((caught: unknown) => caught);
        expect(error).to.equal(end);
        bench.renew();
        expect((await bench.files(bench.first))["apps/a.yaml"]).to.equal("a: 1\n");
        await bench.fetchTip();
        expect((await bench.files(second))["apps/a.yaml"]).to.equal("a: 2\n");
      });
    }

    it("by the caller's wish stops waiting for the server", async () => {
      bench.fault({ kind: "delay", until: new Promise(() => {}) });
      const controller = new AbortController();
      const work = bench.engine.fetch(bench.remote, { commit: bench.first, ref: undefined }, controller.signal);
      const reason = new Error("stopped");
      setImmediate(() => controller.abort(reason));
      expect(await work.catch((error: unknown) => error)).to.equal(reason);
      bench.server.setFault(undefined);
      expect(await bench.fetchTip()).to.equal(bench.first);
    });

    it("by the caller's wish stops waiting for its turn, too", async () => {
      bench.fault({ kind: "delay", until: new Promise(() => {}) });
      const target = { commit: bench.first, ref: undefined };
      const hanging = new AbortController();
      const first = bench.engine.fetch(bench.remote, target, hanging.signal).catch((error: unknown) => error);
      const waiting = new AbortController();
      const second = bench.engine.fetch(bench.remote, target, waiting.signal).catch((error: unknown) => error);
      const [one, two] = [new Error("first"), new Error("second")];
      setImmediate(() => waiting.abort(two));
      expect(await second).to.equal(two);
      hanging.abort(one);
      expect(await first).to.equal(one);
    });

    it("after the caller's own time says what the caller says", async () => {
      bench.fault({ kind: "delay", until: new Promise(() => {}) });
      const late = new Error("late");
      const target = { commit: bench.first, ref: undefined };
      const limit = { ms: 50, expired: () => late };
      const error = await bench.engine
        .fetch(bench.remote, target, bench.signal, limit)
        .catch((caught: unknown) => caught);
      expect(error).to.equal(late);
    });

    it("for lack of time says so", async () => {
      bench.renew({ limits: { fetchTimeoutMs: 50 } });
      bench.fault({ kind: "delay", until: new Promise(() => {}) });
      const target = { commit: bench.first, ref: undefined };
      await expectGitError("GIT_UNREACHABLE", () => bench.engine.fetch(bench.remote, target, bench.signal));
    });
  });
}
