import type { ResponseReader } from "../protocol/advertisement.js";
import { type Packet, packetBytes, packetText } from "../protocol/pkt-line.js";

/** Lines that are always kept: service, version, and the first ref, which carries the capabilities. */
const BEGINNING = 3;
const ID_LENGTH = 40;

/**
 * Removes unneeded refs from an advertisement (gitprotocol-http): isomorphic-git reads the whole text at once, and a server may
 * have a hundred thousand refs.
 */
export class ShortAdvertisement implements ResponseReader<Buffer> {
  readonly #want: string;
  readonly #kept: Buffer[] = [];
  #lines = 0;

  constructor(want: string) {
    this.#want = want;
  }

  take(packet: Packet): void {
    if (packet.kind === "data" && ++this.#lines > BEGINNING && !this.#isNeeded(packetText(packet.data))) return;
    this.#kept.push(packetBytes(packet));
  }

  finish(): Buffer {
    return Buffer.concat(this.#kept);
  }

  #isNeeded(line: string): boolean {
    const name = line.slice(ID_LENGTH + 1);
    return name === this.#want || name === "HEAD" || line.startsWith("shallow ") || line.startsWith("ERR ");
  }
}
