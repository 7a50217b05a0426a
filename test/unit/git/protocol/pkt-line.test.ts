import { expect } from "chai";
import fc from "fast-check";
import { FLUSH, type Packet, PktLineParser, packetBytes, pktLine } from "../../../../src/git/protocol/pkt-line.js";
import { expectGitError } from "../support/expect-error.js";
import { parsePackets } from "../support/packets.js";

const URL = "https://git.example.com/apps";

/** Packets as text, marks by their kind. */
function shown(packets: readonly Packet[]): string[] {
  return packets.map((packet) => (packet.kind === "data" ? packet.data.toString() : packet.kind));
}

describe("pkt-line", () => {
  it("writes the length in bytes, itself and the line break included", () => {
    expect(pktLine("command=ls-refs")).to.equal("0014command=ls-refs\n");
    expect(pktLine("ü")).to.equal("0007ü\n");
  });

  it("reads lines and special packets", () => {
    const bytes = Buffer.from(`${pktLine("a")}0001${pktLine("b")}0004${FLUSH}0002`);
    expect(shown(parsePackets(bytes, URL))).to.deep.equal(["a\n", "delimiter", "b\n", "", "flush", "end"]);
  });

  it("writes packets as received", () => {
    const text = `${pktLine("a")}0001${pktLine("ü")}0004${FLUSH}0002`;
    expect(Buffer.concat(parsePackets(Buffer.from(text), URL).map(packetBytes)).toString()).to.equal(text);
  });

  it("returns the same packets for any chunking", () => {
    const line = fc.oneof(fc.string({ maxLength: 50 }).map(pktLine), fc.constantFrom("0000", "0001"));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(400)), (lines, cuts) => {
        const bytes = Buffer.from(lines.join(""));
        const parser = new PktLineParser(URL);
        const packets: Packet[] = [];
        let from = 0;
        for (const cut of [...cuts.map((at) => Math.min(at, bytes.length)), bytes.length].sort((a, b) => a - b)) {
          packets.push(...parser.push(bytes.subarray(from, cut)));
          from = cut;
        }
        parser.finish();
        expect(shown(packets)).to.deep.equal(shown(parsePackets(bytes, URL)));
      }),
    );
  });

  for (const text of ["<!doctype html>", "0003", "fff1", "00zz", "zzzz"]) {
    it(`refuses ${JSON.stringify(text)} as not Git's`, async () => {
      const error = await expectGitError("GIT_PROTOCOL", () => parsePackets(Buffer.from(text), URL));
      expect(error.message).to.include("check that url is the address of a Git repository").and.not.include("doctype");
    });
  }

  for (const text of ["001", "0008abc", "0014command"]) {
    it(`tells that ${JSON.stringify(text)} is cut off`, async () => {
      await expectGitError("GIT_INCOMPLETE", () => parsePackets(Buffer.from(text), URL));
    });
  }
});
