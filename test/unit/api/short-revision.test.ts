import { expect } from "chai";
import { MESSAGE_DIGITS, shortRevision } from "../../../src/api/short-revision.js";

const SHA1 = "0123456789".repeat(4);

describe("shortRevision", () => {
  for (const [full, short] of [
    [`main@sha1:${SHA1}`, "main@sha1:0123456"],
    [`v1.2.3@sha1:${SHA1}`, "v1.2.3@sha1:0123456"],
    [
      `main@sha1:${SHA1}: refused; main@sha1:${SHA1} stays in use`,
      "main@sha1:0123456: refused; main@sha1:0123456 stays in use",
    ],
    ["main@sha1:abc", "main@sha1:abc"],
    [`image@sha256:${SHA1}`, `image@sha256:${SHA1}`],
    ["", ""],
  ] as const)
    it(`of ${JSON.stringify(full)} is ${JSON.stringify(short)}`, () => expect(shortRevision(full)).to.equal(short));

  it("keeps as many digits as are asked for, and shortens what is short already", () => {
    expect(shortRevision(`main@sha1:${SHA1}`, MESSAGE_DIGITS)).to.equal("main@sha1:012345678901");
    expect(shortRevision("main@sha1:012345678901")).to.equal("main@sha1:0123456");
  });
});
