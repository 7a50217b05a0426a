import { expect } from "chai";
import { parseAdvertisement, parseLsRefs } from "../../../src/git/advertisement.js";
import { FLUSH, parsePackets, pktLine } from "../../../src/git/pkt-line.js";
import { expectGitError } from "./support/expect-error.js";

const URL = "https://git.example.com/apps";
const id = (digit: string): string => digit.repeat(40);
const packets = (...parts: readonly string[]) => parsePackets(Buffer.from(parts.join("")), URL);
const SERVICE = [pktLine("# service=git-upload-pack"), FLUSH];
const ALL = ["HEAD", "refs/"];

describe("parseAdvertisement", () => {
  it("tells protocol v2, with and without the service line", () => {
    for (const before of [SERVICE, []]) {
      const answer = packets(...before, pktLine("version 2"), pktLine("ls-refs=unborn"), FLUSH);
      expect(parseAdvertisement(answer, ALL, URL)).to.deep.equal({ version: 2 });
    }
  });

  for (const [name, version] of [
    ["v0", []],
    ["v1", [pktLine("version 1")]],
  ] as const) {
    it(`reads the refs of protocol ${name}: peeled tags, the branch of HEAD, and only what was asked for`, () => {
      const answer = packets(
        ...SERVICE,
        ...version,
        pktLine(`${id("1")} HEAD\0multi_ack symref=HEAD:refs/heads/main agent=git/2`),
        pktLine(`${id("1")} refs/heads/main`),
        pktLine(`${id("2")} refs/pull/1/head`),
        pktLine(`${id("3")} refs/tags/v1`),
        pktLine(`${id("4")} refs/tags/v1^{}`),
        FLUSH,
      );
      const advertisement = parseAdvertisement(answer, ["HEAD", "refs/heads/", "refs/tags/"], URL);
      expect(advertisement).to.deep.equal({
        version: 0,
        refs: {
          refs: new Map([
            ["HEAD", id("1")],
            ["refs/heads/main", id("1")],
            ["refs/tags/v1", id("4")],
          ]),
          head: "refs/heads/main",
        },
      });
    });
  }

  it("reads an empty repository", () => {
    const answer = packets(
      ...SERVICE,
      pktLine(`${id("0")} capabilities^{}\0multi_ack symref=HEAD:refs/heads/main`),
      FLUSH,
    );
    expect(parseAdvertisement(answer, ALL, URL)).to.deep.equal({
      version: 0,
      refs: { refs: new Map(), head: undefined },
    });
  });

  it("refuses what is no advertisement", async () => {
    await expectGitError("GIT_PROTOCOL", () => parseAdvertisement([], ALL, URL));
    await expectGitError("GIT_PROTOCOL", () => parseAdvertisement(packets(pktLine("hello")), ALL, URL));
    await expectGitError("GIT_PROTOCOL", () =>
      parseAdvertisement(packets(...SERVICE, pktLine("no refs here\0x")), ALL, URL),
    );
  });

  it("passes on what the server says in an error line, without its control characters", async () => {
    const answer = packets(...SERVICE, pktLine("ERR access\u001b[31m denied"));
    const error = await expectGitError("GIT_REMOTE_FAILED", () => parseAdvertisement(answer, ALL, URL));
    expect(error.message).to.include("access [31m denied");
  });
});

describe("parseLsRefs", () => {
  it("reads refs with their attributes", () => {
    const answer = packets(
      pktLine(`${id("1")} HEAD symref-target:refs/heads/main`),
      pktLine(`${id("1")} refs/heads/main`),
      pktLine(`${id("3")} refs/tags/v1 peeled:${id("4")}`),
      FLUSH,
    );
    const { refs, head } = parseLsRefs(answer, URL);
    expect(head).to.equal("refs/heads/main");
    expect([...refs]).to.deep.equal([
      ["HEAD", id("1")],
      ["refs/heads/main", id("1")],
      ["refs/tags/v1", id("4")],
    ]);
  });

  it("reads an empty repository, also when the server tells the branch to come", () => {
    for (const lines of [[], [pktLine("unborn HEAD symref-target:refs/heads/main")]]) {
      expect(parseLsRefs(packets(...lines, FLUSH), URL)).to.deep.equal({ refs: new Map(), head: undefined });
    }
  });

  it("refuses an answer that does not end, and one of another kind", async () => {
    await expectGitError("GIT_PROTOCOL", () => parseLsRefs(packets(pktLine(`${id("1")} HEAD`)), URL));
    await expectGitError("GIT_PROTOCOL", () => parseLsRefs(packets(pktLine("# service=git-upload-pack"), FLUSH), URL));
    await expectGitError("GIT_PROTOCOL", () => parseLsRefs([], URL));
  });

  it("names SHA-256 repositories as what they are", async () => {
    const error = await expectGitError("GIT_PROTOCOL", () =>
      parseLsRefs(packets(pktLine(`${"a".repeat(64)} HEAD`), FLUSH), URL),
    );
    expect(error.message).to.match(/SHA-256 repository, which is not supported/);
  });
});
