import type { ResponseReader } from "../protocol/advertisement.js";
import { type Packet, packetBytes, packetText } from "../protocol/pkt-line.js";

/** Lines before any ref: the service, the version. With the first ref, which carries what the server can do. */
const BEGINNING = 3;
const ID_LENGTH = 40;

/**
 * An advertisement (gitprotocol-http) without the refs that nobody asks for: isomorphic-git reads all of it in one go, and a
 * server may name a hundred thousand.
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
