import { expect } from "chai";
import { OverseerError } from "../../../../src/base/errors.js";
import { type RefState, RevisionIndex, refKey } from "../../../../src/controllers/git-repository/revision-index.js";

const remote = (id: string) => ({ url: "https://git.example.com/a.git", credential: undefined, id });
const at = (commit: string, id = "r1"): RefState => ({
  resolved: { remote: remote(id), commit, revision: `main@sha1:${commit}` },
  error: undefined,
});
const broken = (message: string, state?: RefState): RefState => ({
  resolved: state?.resolved,
  error: new OverseerError(message, { code: "X", reason: "GitUnreachable", class: "retryable" }),
});

describe("refKey", () => {
  it("is the same for equal refs, whatever the order of their fields", () => {
    expect(refKey({ branch: "a", commit: "b" })).to.equal(refKey({ commit: "b", branch: "a" }));
    expect(refKey(undefined)).to.equal(refKey({}));
  });

  it("distinguishes refs", () => {
    const refs = [undefined, { branch: "a" }, { tag: "a" }, { branch: "b" }, { semver: "a" }, { commit: "a" }];
    expect(new Set(refs.map(refKey)).size).to.equal(refs.length);
  });
});

describe("RevisionIndex", () => {
  it("keeps one clone of a submodule when its credential changes", () => {
    const index = new RevisionIndex();
    for (const id of ["first", "second"]) index.useRelated("shop/a", remote(id));
    expect([...index.relatedRemotes()].map(({ id }) => id)).to.deep.equal(["second"]);
  });

  it("keeps each ref of each repository separately", () => {
    const index = new RevisionIndex();
    index.set("shop/a", undefined, at("c1"));
    index.set("shop/a", { branch: "x" }, at("c2"));
    expect(index.get("shop/a", {})?.resolved?.commit).to.equal("c1");
    expect(index.get("shop/a", { branch: "x" })?.resolved?.commit).to.equal("c2");
    expect(index.get("shop/a", { branch: "y" })).to.equal(undefined);
    expect(index.get("shop/b", undefined)).to.equal(undefined);
  });

  const news: readonly (readonly [string, RefState | undefined, RefState, boolean])[] = [
    ["the first look", undefined, at("c1"), true],
    ["a first look that fails", undefined, broken("no"), true],
    ["the same commit", at("c1"), at("c1"), false],
    ["another commit", at("c1"), at("c2"), true],
    ["the same commit of another remote", at("c1"), at("c1", "r2"), true],
    ["an error that comes", at("c1"), broken("no", at("c1")), true],
    ["an error that goes", broken("no", at("c1")), at("c1"), true],
    ["another error", broken("no"), broken("never"), true],
    ["the same error again", broken("no", at("c1")), broken("no", at("c1")), false],
    ["a commit that is lost", at("c1"), broken("no"), true],
  ];
  for (const [what, before, after, isNews] of news) {
    it(`reports ${what} as ${isNews ? "changed" : "unchanged"}`, () => {
      const index = new RevisionIndex();
      if (before) index.set("shop/a", undefined, before);
      expect(index.set("shop/a", undefined, after)).to.equal(isNews);
      expect(index.get("shop/a", undefined)).to.equal(after);
    });
  }

  it("yields all revisions in use, and none of a forgotten repository", () => {
    const index = new RevisionIndex();
    index.set("shop/a", undefined, at("c1"));
    index.set("shop/a", { branch: "x" }, broken("no", at("c2")));
    index.set("shop/b", undefined, broken("no"));
    index.set("shop/c", undefined, at("c3", "r2"));
    expect([...index.revisions()].map(({ commit }) => commit)).to.deep.equal(["c1", "c2", "c3"]);
    index.forget("shop/a");
    index.forget("shop/z");
    expect([...index.revisions()].map(({ commit }) => commit)).to.deep.equal(["c3"]);
  });
});
