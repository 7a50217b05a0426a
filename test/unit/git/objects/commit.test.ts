import { expect } from "chai";
import { parseCommit } from "../../../../src/git/objects/commit.js";
import { expectGitError } from "../support/expect-error.js";

const TREE = "a".repeat(40);
const ID = "b".repeat(40);

function parse(...lines: readonly string[]) {
  return parseCommit(Buffer.from(lines.join("\n")), ID);
}

describe("parseCommit", () => {
  it("reads who, when and why; the time is the committer's", () => {
    const parsed = parse(
      `tree ${TREE}`,
      `parent ${ID}`,
      "author Jo Ünal <jo@example.com> 1600000000 +0200",
      "committer CI <ci@example.com> 1700000000 +0000",
      "",
      "subject",
      "",
      "body\n",
    );
    expect(parsed).to.deep.include({
      tree: TREE,
      info: { id: ID, author: "Jo Ünal", email: "jo@example.com", time: 1700000000, message: "subject\n\nbody\n" },
    });
  });

  it("is not misled by a signature or by headers within it", () => {
    const signature = ["gpgsig -----BEGIN SSH SIGNATURE-----", " author <x>", " ", " -----END SSH SIGNATURE-----"];
    const parsed = parse(`tree ${TREE}`, "author A <a@b> 1 +0000", "committer A <a@b> 2 +0000", ...signature, "", "m");
    expect(parsed.info).to.deep.include({ author: "A", time: 2, message: "m" });
  });

  it("treats missing parts as empty", () => {
    expect(parse(`tree ${TREE}`, "author <> ", "").info).to.deep.equal({
      id: ID,
      author: "",
      email: "",
      time: 0,
      message: "",
    });
  });

  it("reads long lines about people in linear time", () => {
    const { info } = parse(`tree ${TREE}`, `author ${"<".repeat(900_000)}`, "committer A <a>b> 2 +0000", "", "m");
    expect(info).to.deep.include({ author: "", email: "", time: 2 });
  });

  it("refuses a commit without a tree", async () => {
    await expectGitError("GIT_TREE_INVALID", () => parse("author A <a@b> 1 +0000", "", `tree ${TREE}`));
  });
});
