import { expect } from "chai";
import type { RemoteRefs } from "../../../../src/git/engine.js";
import { checkRefSpec, type GitRefSpec, refPrefixes, resolveRef } from "../../../../src/git/refs/refs.js";
import { expectGitError } from "../support/expect-error.js";

/** A commit id of one repeated digit. */
const id = (digit: string): string => digit.repeat(40);

/** Refs by name, each at an id of its own; HEAD at main. */
function remoteRefs(...names: readonly string[]): RemoteRefs {
  const refs = new Map(names.map((name, index) => [name, (index + 1).toString(16).padStart(40, "0")]));
  const main = refs.get("refs/heads/main");
  if (main !== undefined) refs.set("HEAD", main);
  return { refs, head: main === undefined ? undefined : "refs/heads/main" };
}

const tags = (...names: readonly string[]): RemoteRefs =>
  remoteRefs("refs/heads/main", ...names.map((name) => `refs/tags/${name}`));

describe("resolveRef", () => {
  const refs = remoteRefs("refs/heads/main", "refs/heads/team/x", "refs/tags/v1.2.3", "refs/pull/12/head");
  const at = (ref: string): string => refs.refs.get(ref) ?? "";

  const cases: readonly [name: string, spec: GitRefSpec, ref: string, revision: string][] = [
    ["HEAD when nothing is said", {}, "refs/heads/main", `main@sha1:${at("refs/heads/main")}`],
    ["a branch", { branch: "team/x" }, "refs/heads/team/x", `team/x@sha1:${at("refs/heads/team/x")}`],
    ["a tag", { tag: "v1.2.3" }, "refs/tags/v1.2.3", `v1.2.3@sha1:${at("refs/tags/v1.2.3")}`],
    ["a range", { semver: "1.x" }, "refs/tags/v1.2.3", `v1.2.3@sha1:${at("refs/tags/v1.2.3")}`],
    [
      "any ref",
      { name: "refs/pull/12/head" },
      "refs/pull/12/head",
      `refs/pull/12/head@sha1:${at("refs/pull/12/head")}`,
    ],
  ];
  for (const [name, spec, ref, revision] of cases) {
    it(`finds ${name}`, () => {
      expect(resolveRef(spec, refs)).to.deep.equal({ commit: at(ref), ref, revision });
    });
  }

  it("takes a commit as it is, without any ref", () => {
    const none = { refs: new Map(), head: undefined };
    expect(resolveRef({ commit: id("a") }, none)).to.deep.equal({
      commit: id("a"),
      ref: undefined,
      revision: `sha1:${id("a")}`,
    });
    expect(resolveRef({ commit: id("a"), branch: "dev" }, none).ref).to.equal("refs/heads/dev");
  });

  it("takes a HEAD that is no branch", () => {
    const detached = { refs: new Map([["HEAD", id("b")]]), head: undefined };
    expect(resolveRef({}, detached)).to.deep.equal({ commit: id("b"), ref: "HEAD", revision: `HEAD@sha1:${id("b")}` });
  });

  it("names what is near when a branch is missing, and nothing of other kinds", async () => {
    const error = await expectGitError("GIT_REF_NOT_FOUND", () =>
      resolveRef(
        { branch: "mian" },
        remoteRefs("refs/heads/main", "refs/heads/dev", "refs/heads/release/1", "refs/tags/mian2"),
      ),
    );
    expect(error.message)
      .to.match(/no branch "mian"; similar names: "main", "dev"/)
      .and.not.include("mian2");
    expect([error.reason, error.class]).to.deep.equal(["ReferenceNotFound", "retryable"]);
  });

  it("says so when there is nothing near", async () => {
    const error = await expectGitError("GIT_REF_NOT_FOUND", () =>
      resolveRef({ tag: "v1" }, remoteRefs("refs/heads/main")),
    );
    expect(error.message).to.equal('the repository has no tag "v1"');
  });

  it("tells an empty repository, and what to do", async () => {
    for (const spec of [{}, { branch: "dev" }, { semver: "1.x" }]) {
      const error = await expectGitError("GIT_EMPTY_REPOSITORY", () =>
        resolveRef(spec, { refs: new Map(), head: undefined }),
      );
      expect(error.message).to.match(/push a first commit/);
      expect(error.reason).to.equal("EmptyRepository");
    }
  });

  it("says what to set when HEAD points at nothing", async () => {
    const error = await expectGitError("GIT_REF_NOT_FOUND", () => resolveRef({}, remoteRefs("refs/heads/dev")));
    expect(error.message).to.match(/set ref\.branch/);
  });
});

describe("resolveRef with a version range", () => {
  const cases: readonly [range: string, tags: readonly string[], expected: string | undefined][] = [
    ["1.x", ["v1.2.0", "v1.10.0", "v2.0.0"], "v1.10.0"],
    [">=1.2.0 <2.0.0", ["1.1.9", "1.2.0", "1.9.9", "2.0.0"], "1.9.9"],
    ["*", ["v1.0.0", "v2.0.0-rc.1"], "v1.0.0"],
    [">=2.0.0-0", ["v1.0.0", "v2.0.0-rc.1", "v2.0.0-rc.2"], "v2.0.0-rc.2"],
    ["~1.2.3-beta.1", ["v1.2.3-beta.2", "v1.2.4-beta.1"], "v1.2.3-beta.2"],
    ["1.x", ["latest", "v1", "release-1.2.3"], undefined],
    ["1.x", ["latest", "v1", "v1.2", "v1.1.9"], "v1.2"],
    ["1.x", ["v1.2", "v1.2.0"], "v1.2.0"],
    [">=1.0.0-0", ["v1.0.0", "v1.1.0-rc.1"], "v1.1.0-rc.1"],
    [">=1.0.0, <2.0.0", ["v1.0.0", "v1.1.0-rc.1", "v2.0.0"], "v1.0.0"],
    ["1.x", ["v2.0.0"], undefined],
    ["1.0.0", ["v1.0.0", "1.0.0"], "1.0.0"],
    ["1.x", ["1.0.0+build.2", "1.0.0+build.10"], "1.0.0+build.10"],
  ];
  for (const [semver, names, expected] of cases) {
    it(`${semver} of ${names.join(", ")} is ${expected ?? "none"}`, async () => {
      if (expected === undefined)
        await expectGitError("GIT_REF_NOT_FOUND", () => resolveRef({ semver }, tags(...names)));
      else expect(resolveRef({ semver }, tags(...names)).ref).to.equal(`refs/tags/${expected}`);
    });
  }
});

describe("resolveRef with a prefix of version tags", () => {
  const refs = tags("v9.0.0", "shop-v1.2.0", "shop-1.10.0", "shop-2.0.0-rc.1", "shopping-3.0.0", "web/v4.0.0");

  it("selects among the tags with this prefix, whose rest is a version", () => {
    expect(resolveRef({ semver: "*", semverPrefix: "shop-" }, refs).ref).to.equal("refs/tags/shop-1.10.0");
    expect(resolveRef({ semver: "<1.5", semverPrefix: "shop-" }, refs).revision).to.match(/^shop-v1\.2\.0@sha1:/);
    expect(resolveRef({ semver: "*", semverPrefix: "web/" }, refs).ref).to.equal("refs/tags/web/v4.0.0");
    expect(resolveRef({ semver: "*" }, refs).ref).to.equal("refs/tags/v9.0.0");
  });

  it("requests only these tags, and names the prefix when none is in the range", async () => {
    expect(refPrefixes([{ semver: "*", semverPrefix: "shop-" }])).to.deep.equal(["HEAD", "refs/tags/shop-"]);
    const error = await expectGitError("GIT_REF_NOT_FOUND", () =>
      resolveRef({ semver: "5.x", semverPrefix: "shop-" }, refs),
    );
    expect(error.message).to.match(/none of the 3 version tags with the prefix "shop-".*the highest is "shop-2/);
  });

  it("tells a branch and a tag of one name apart", () => {
    const both = remoteRefs("refs/heads/v1", "refs/tags/v1");
    expect(resolveRef({ branch: "v1" }, both).commit).to.equal(both.refs.get("refs/heads/v1"));
    expect(resolveRef({ tag: "v1" }, both).commit).to.equal(both.refs.get("refs/tags/v1"));
    expect(resolveRef({ name: "refs/tags/v1" }, both).commit).to.equal(both.refs.get("refs/tags/v1"));
  });
});

describe("checkRefSpec", () => {
  const refused: readonly GitRefSpec[] = [
    { commit: "abc" },
    { commit: id("A") },
    { semver: "newest" },
    { semver: "1.x", semverPrefix: "a..b" },
    { semver: "1.x", semverPrefix: "a b" },
    { name: "main" },
    { name: "refs/heads/a..b" },
    { branch: "-x" },
    { branch: "a b" },
    { branch: "a~1" },
    { branch: "a.lock" },
    { branch: "/a" },
    { branch: "a/" },
    { branch: "a//b" },
    { branch: "a/.b" },
    { branch: "a@{1}" },
    { tag: "a\u0000b" },
    { tag: "a\nref-prefix b" },
    { tag: "*" },
  ];
  for (const spec of refused) {
    it(`refuses ${JSON.stringify(spec)}`, async () => {
      const error = await expectGitError("GIT_REF_INVALID", () => checkRefSpec(spec));
      expect(error.class).to.equal("terminal");
    });
  }

  it("takes what Git takes", () => {
    for (const branch of ["main", "feature/a-b_c.d", "ünïcode", "a@b", "1"]) checkRefSpec({ branch });
    for (const name of ["HEAD", "refs/heads/main", "refs/merge-requests/1/head"]) checkRefSpec({ name });
  });
});

describe("refPrefixes", () => {
  const cases: readonly [name: string, specs: readonly GitRefSpec[], wide: boolean, expected: readonly string[]][] = [
    ["only HEAD for a commit or nothing", [{}, { commit: id("a") }], false, ["HEAD"]],
    [
      "each spec by its own name",
      [{ branch: "main" }, { tag: "v1" }, { name: "refs/pull/1/head" }],
      false,
      ["HEAD", "refs/heads/main", "refs/pull/1/head", "refs/tags/v1"],
    ],
    [
      "all tags for a range, which holds single tags",
      [{ semver: "1.x" }, { tag: "v1" }],
      false,
      ["HEAD", "refs/tags/"],
    ],
    ["one for many of the same", [{ branch: "a" }, { branch: "a" }], false, ["HEAD", "refs/heads/a"]],
    [
      "all of a kind to name what is near",
      [{ branch: "a" }, { tag: "b" }],
      true,
      ["HEAD", "refs/heads/", "refs/tags/"],
    ],
    ["the folder of a name", [{ name: "refs/pull/1/head" }], true, ["HEAD", "refs/pull/1/"]],
  ];
  for (const [name, specs, wide, expected] of cases) {
    it(`asks for ${name}`, () => {
      expect(refPrefixes(specs, wide)).to.deep.equal(expected);
    });
  }
});
