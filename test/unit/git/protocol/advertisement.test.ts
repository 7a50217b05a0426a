import { expect } from "chai";
import type { RemoteRefs } from "../../../../src/git/engine.js";
import { type Advertisement, AdvertisementReader, LsRefsReader } from "../../../../src/git/protocol/advertisement.js";
import { FLUSH, type Packet, pktLine } from "../../../../src/git/protocol/pkt-line.js";
import { RefFilter } from "../../../../src/git/refs/ref-filter.js";
import { expectGitError } from "../support/expect-error.js";
import { parsePackets } from "../support/packets.js";

const URL = "https://git.example.com/apps";
const id = (digit: string): string => digit.repeat(40);
const packets = (...parts: readonly string[]) => parsePackets(Buffer.from(parts.join("")), URL);
const SERVICE = [pktLine("# service=git-upload-pack"), FLUSH];
const ALL = ["HEAD", "refs/"];

function parseAdvertisement(answer: readonly Packet[], prefixes: readonly string[]): Advertisement {
  const reader = new AdvertisementReader(new RefFilter(prefixes, 10, URL, "have fewer"), URL);
  for (const packet of answer) reader.take(packet);
  return reader.finish();
}

function parseLsRefs(answer: readonly Packet[], prefixes = ALL): RemoteRefs {
  const reader = new LsRefsReader(new RefFilter(prefixes, 10, URL, "have fewer"), URL);
  for (const packet of answer) reader.take(packet);
  return reader.finish();
}

describe("parseAdvertisement", () => {
  it("tells protocol v2, with and without the service line", () => {
    for (const before of [SERVICE, []]) {
      const answer = packets(...before, pktLine("version 2"), pktLine("ls-refs=unborn"), FLUSH);
      expect(parseAdvertisement(answer, ALL)).to.deep.equal({ version: 2 });
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
      const advertisement = parseAdvertisement(answer, ["HEAD", "refs/heads/", "refs/tags/"]);
      expect(advertisement).to.deep.equal({
        version: 0,
        refs: {
          refs: new Map([
            ["HEAD", id("1")],
            ["refs/heads/main", id("1")],
            ["refs/tags/v1", id("4")],
          ]),
          tags: new Map([["refs/tags/v1", id("3")]]),
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
    expect(parseAdvertisement(answer, ALL)).to.deep.equal({
      version: 0,
      refs: { refs: new Map(), head: undefined },
    });
  });

  it("refuses what is no advertisement", async () => {
    await expectGitError("GIT_PROTOCOL", () => parseAdvertisement([], ALL));
    await expectGitError("GIT_PROTOCOL", () => parseAdvertisement(packets(pktLine("hello")), ALL));
    await expectGitError("GIT_PROTOCOL", () =>
      parseAdvertisement(packets(...SERVICE, pktLine("no refs here\0x")), ALL),
    );
  });

  it("passes on what the server says in an error line, without its control characters", async () => {
    const answer = packets(...SERVICE, pktLine("ERR access\u001b[31m denied"));
    const error = await expectGitError("GIT_REMOTE_FAILED", () => parseAdvertisement(answer, ALL));
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
    const { refs, head } = parseLsRefs(answer);
    expect(head).to.equal("refs/heads/main");
    expect([...refs]).to.deep.equal([
      ["HEAD", id("1")],
      ["refs/heads/main", id("1")],
      ["refs/tags/v1", id("4")],
    ]);
  });

  it("reads an empty repository, also when the server tells the branch to come", () => {
    for (const lines of [[], [pktLine("unborn HEAD symref-target:refs/heads/main")]]) {
      expect(parseLsRefs(packets(...lines, FLUSH))).to.deep.equal({ refs: new Map(), head: undefined });
    }
  });

  it("refuses an answer that does not end, and one of another kind", async () => {
    await expectGitError("GIT_PROTOCOL", () => parseLsRefs(packets(pktLine(`${id("1")} HEAD`))));
    await expectGitError("GIT_PROTOCOL", () => parseLsRefs(packets(pktLine("# service=git-upload-pack"), FLUSH)));
    await expectGitError("GIT_PROTOCOL", () => parseLsRefs([]));
  });

  it("keeps what was asked for alone, whatever the server sends", () => {
    const lines = Array.from({ length: 100 }, (_, i) => pktLine(`${id("5")} refs/pull/${i}/head`));
    const answer = packets(pktLine(`${id("1")} HEAD`), ...lines, pktLine(`${id("2")} refs/heads/main`), FLUSH);
    const { refs } = parseLsRefs(answer, ["HEAD", "refs/heads/main"]);
    expect([...refs.keys()]).to.deep.equal(["HEAD", "refs/heads/main"]);
  });

  it("keeps no more than so many refs, and says what to do", async () => {
    const lines = Array.from({ length: 11 }, (_, i) => pktLine(`${id("5")} refs/heads/${i}`));
    expect(parseLsRefs(packets(...lines.slice(1), FLUSH)).refs.size).to.equal(10);
    const error = await expectGitError("GIT_TOO_LARGE", () => parseLsRefs(packets(...lines)));
    expect(error.message).to.equal(`${URL} has more than the allowed 10 refs per repository: have fewer`);
  });

  it("names SHA-256 repositories as what they are", async () => {
    const error = await expectGitError("GIT_PROTOCOL", () =>
      parseLsRefs(packets(pktLine(`${"a".repeat(64)} HEAD`), FLUSH)),
    );
    expect(error.message).to.match(/SHA-256 repository, which is not supported/);
  });
});
