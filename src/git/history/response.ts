import { GitError } from "../errors.js";
import { type ResponseReader, remoteFailed } from "../protocol/advertisement.js";
import { notGit, type Packet, packetText } from "../protocol/pkt-line.js";

/** Side bands of the section `packfile`: pack data, progress, and fatal errors. */
const PACK_BAND = 1;
const FATAL_BAND = 3;

/** Reads the response to `fetch` of protocol v2: optional sections, then the section `packfile`. Returns the pack. */
export class PackResponse implements ResponseReader<Buffer> {
  readonly #url: string;
  readonly #pack: Buffer[] = [];
  #isPack = false;
  #isWhole = false;

  constructor(url: string) {
    this.#url = url;
  }

  /** Whether the response is complete. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  take(packet: Packet): void {
    if (packet.kind === "flush") this.#isWhole = this.#isPack;
    if (packet.kind !== "data") return;
    if (this.#isPack) {
      this.#takeBand(packet.data);
      return;
    }
    const text = packetText(packet.data);
    if (text.startsWith("ERR ")) {
      const { message } = remoteFailed(this.#url, text.slice(4));
      throw new GitError("GIT_REMOTE_FAILED", message);
    }
    this.#isPack = text === "packfile";
  }

  /** Throws `GIT_PROTOCOL` if there was no pack, `GIT_INCOMPLETE` if it was cut off. */
  finish(): Buffer {
    if (!this.#isPack) throw notGit(this.#url);
    if (!this.#isWhole)
      throw new GitError("GIT_INCOMPLETE", `the response of ${this.#url} ends too early; the request is retried`);
    return Buffer.concat(this.#pack);
  }

  #takeBand(data: Buffer): void {
    if (data[0] === FATAL_BAND) throw remoteFailed(this.#url, data.toString("utf8", 1));
    // The bytes of a packet are a view that the connection may reuse.
    if (data[0] === PACK_BAND) this.#pack.push(Buffer.from(data.subarray(1)));
  }
}

/** Reads the capabilities of protocol v2, and whether `fetch` supports filters. Undefined for an older protocol. */
export class Capabilities implements ResponseReader<{ readonly filter: boolean } | undefined> {
  #isVersion2 = false;
  #filter = false;
  #isWhole = false;

  /** Whether the list is complete. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  take(packet: Packet): void {
    if (packet.kind === "flush") this.#isWhole = this.#isVersion2;
    if (packet.kind !== "data") return;
    const text = packetText(packet.data);
    if (text === "version 2") this.#isVersion2 = true;
    if (text.startsWith("fetch=")) this.#filter = text.slice("fetch=".length).split(" ").includes("filter");
  }

  finish(): { readonly filter: boolean } | undefined {
    return this.#isVersion2 ? { filter: this.#filter } : undefined;
  }
}
