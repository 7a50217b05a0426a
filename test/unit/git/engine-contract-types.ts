import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { FetchTarget } from "../../../src/git/engine.js";
import type { GitRefSpec } from "../../../src/git/refs/refs.js";
import { resolveRemoteRef } from "../../../src/git/refs/resolve-remote-ref.js";
import type { Bench } from "./engine-contract.js";
import { expectGitError } from "./support/expect-error.js";

/** Objects that are no commit, by the name that each has in the repository of these tests. */
const WRONG = ["tag", "nested tag", "tag of a tree", "tag of a blob", "tree", "blob"] as const;
type Wrong = (typeof WRONG)[number];

/** What is asked for where a commit belongs, by every kind of ref: nobody else who shares the store may notice. */
export function describeTypes(bench: Bench): void {
  describe("an object that is no commit", () => {
    let ids: Record<Wrong, string>;

    beforeEach(async () => {
      const { repo } = bench;
      const id = (name: string): Promise<string> => repo.git("rev-parse", name);
      const [tree, blob] = [await id("HEAD^{tree}"), await id("HEAD:README.md")];
      await repo.tag("v1.0.0", { message: "one" });
      await repo.tag("nested", { at: "v1.0.0", message: "a tag of a tag" });
      await repo.tag("of-tree", { at: tree, message: "a tag of a tree" });
      await repo.tag("of-blob", { at: blob, message: "a tag of a blob" });
      ids = {
        tag: await id("v1.0.0"),
        "nested tag": await id("nested"),
        "tag of a tree": await id("of-tree"),
        "tag of a blob": await id("of-blob"),
        tree,
        blob,
      };
    });

    /** What `spec` stands for is refused, and the store serves everybody else, also after a restart. */
    async function expectRefused(spec: GitRefSpec | FetchTarget): Promise<string> {
      const tip = await bench.fetchTip();
      const target = "ref" in spec ? spec : await resolveRemoteRef(bench.engine, bench.remote, spec, bench.signal);
      const error = await expectGitError("GIT_NOT_A_COMMIT", () =>
        bench.engine.fetch(bench.remote, target, bench.signal),
      );
      expect(error.message).to.include(target.commit);
      expect(await bench.engine.open(bench.remote, target.commit)).to.equal(undefined);
      bench.renew();
      const next = await bench.repo.commit({ "apps/a.yaml": `a: ${tip}\n` }, "next");
      expect(await bench.fetchTip()).to.equal(next);
      expect(Object.keys(await bench.files(next))).to.have.length(3);
      expect(Object.keys(await bench.files(tip))).to.have.length(3);
      return error.message;
    }

    for (const wrong of WRONG) {
      it(`is refused by ref.commit: ${wrong}`, async () => {
        const message = await expectRefused({ commit: ids[wrong] });
        const isTagOfCommit = wrong === "tag" || wrong === "nested tag";
        if (isTagOfCommit) expect(message).to.include(`set ref.commit to ${bench.first}`);
        else expect(message).to.match(/a (folder|file) \(a (tree|blob) object\)/);
      });

      it(`is refused in an empty store: ${wrong}`, async () => {
        const target = { commit: ids[wrong], ref: "refs/heads/main" };
        await expectGitError("GIT_NOT_A_COMMIT", () => bench.engine.fetch(bench.remote, target, bench.signal));
        expect(await bench.fetchTip()).to.equal(bench.first);
      });
    }

    for (const wrong of ["of-tree", "of-blob"]) {
      it(`is refused by ref.tag and ref.name: ${wrong}`, async () => {
        await expectRefused({ tag: wrong });
        await expectRefused({ name: `refs/tags/${wrong}` });
      });

      it(`is refused by ref.semver: ${wrong}`, async () => {
        await bench.repo.tag("v9.0.0", { at: ids[`tag ${wrong.replace("-", " a ")}` as Wrong], message: "nine" });
        await expectRefused({ semver: ">=9" });
      });
    }

    for (const wrong of ["tree", "blob"] as const) {
      it(`is refused by a ref that names it without a tag: ${wrong}`, async () => {
        await bench.repo.git("update-ref", "refs/other/thing", ids[wrong]);
        await expectRefused({ name: "refs/other/thing" });
        await bench.repo.git("update-ref", "refs/tags/v8.0.0", ids[wrong]);
        await expectRefused({ tag: "v8.0.0" });
      });
    }

    it("that is a tag resolves to its commit by tag, name, version and branch", async () => {
      await writeFile(join(bench.repo.path, "refs", "heads", "odd"), `${ids["nested tag"]}\n`);
      for (const spec of [{ tag: "nested" }, { name: "refs/tags/v1.0.0" }, { semver: "1.x" }, { branch: "odd" }]) {
        const target = await resolveRemoteRef(bench.engine, bench.remote, spec, bench.signal);
        expect(target.commit, JSON.stringify(spec)).to.equal(bench.first);
        await bench.engine.fetch(bench.remote, target, bench.signal);
        expect(Object.keys(await bench.files(bench.first))).to.have.length(3);
      }
    });
  });
}
