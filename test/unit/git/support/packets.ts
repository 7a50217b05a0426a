import { type Packet, PktLineParser } from "../../../../src/git/protocol/pkt-line.js";

/** All packets of one whole answer. */
export function parsePackets(bytes: Buffer, url: string): Packet[] {
  const parser = new PktLineParser(url);
  const packets = [...parser.push(bytes)];
  parser.finish();
  return packets;
}
