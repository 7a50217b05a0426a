import { expect } from "chai";
import { ShortAdvertisement } from "../../../../src/git/isomorphic/short-advertisement.js";
import { FLUSH, pktLine } from "../../../../src/git/protocol/pkt-line.js";
import { parsePackets } from "../support/packets.js";

const URL = "https://git.example.com/apps";
const id = (digit: string): string => digit.repeat(40);

describe("ShortAdvertisement", () => {
  function shortened(text: string, want: string): string {
    const reader = new ShortAdvertisement(want);
    for (const packet of parsePackets(Buffer.from(text), URL)) reader.take(packet);
    return reader.finish().toString();
  }

  const beginning = pktLine("# service=git-upload-pack") + FLUSH + pktLine("version 1");
  const first = pktLine(`${id("1")} HEAD\0multi_ack symref=HEAD:refs/heads/main`);
  const wanted = pktLine(`${id("1")} refs/heads/main`);
  const others = Array.from({ length: 1000 }, (_, i) => pktLine(`${id("2")} refs/pull/${i}/head`)).join("");
  const shallow = pktLine(`shallow ${id("3")}`);

  it("is what a server can do, what it is asked for, and what it has of history", () => {
    const whole = beginning + first + others + wanted + others + shallow + FLUSH;
    expect(shortened(whole, "refs/heads/main")).to.equal(beginning + first + wanted + shallow + FLUSH);
    expect(shortened(whole, id("2"))).to.equal(beginning + first + shallow + FLUSH);
  });

  it("is all of a short one, and an error line as it came", () => {
    for (const whole of [
      pktLine(`${id("1")} refs/heads/x\0multi_ack`) + wanted + FLUSH,
      pktLine("# service=git-upload-pack") + FLUSH + pktLine("ERR no"),
    ]) {
      expect(shortened(whole, "refs/heads/main")).to.equal(whole);
    }
  });
});
