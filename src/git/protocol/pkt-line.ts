import { GitError } from "../errors.js";

/** Maximum packet length, including the four length digits (gitprotocol-common). */
const MAX_PACKET = 65520;

/** End of a message. */
export const FLUSH = "0000";
/** Delimiter between the sections of a protocol v2 message. */
export const DELIMITER = "0001";

/** Encodes one packet: four hex digits of length, then the text with the line break that Git expects. */
export function pktLine(text: string): string {
  const line = `${text}\n`;
  return (Buffer.byteLength(line) + 4).toString(16).padStart(4, "0") + line;
}

/** One received packet. `data` is a view into the received bytes. */
export type Packet =
  | { readonly kind: "data"; readonly data: Buffer }
  | { readonly kind: "flush" | "delimiter" | "end" };

const SPECIAL_PACKETS = { 0: { kind: "flush" }, 1: { kind: "delimiter" }, 2: { kind: "end" } } as const;

/** Splits a stream into packets as it arrives. Throws `GIT_PROTOCOL` for anything else, such as a login page; `url` is for messages. */
export class PktLineParser {
  readonly #url: string;
  #pending: Buffer = Buffer.alloc(0);

  constructor(url: string) {
    this.#url = url;
  }

  /** Yields the packets that `chunk` completes. */
  *push(chunk: Buffer): Generator<Packet> {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = packetLength(bytes, at);
      if (length === undefined) throw notGit(this.#url);
      if (length < 3) {
        yield SPECIAL_PACKETS[length as 0 | 1 | 2];
        at += 4;
        continue;
      }
      if (bytes.length - at < length) break;
      yield { kind: "data", data: bytes.subarray(at + 4, at + length) };
      at += length;
    }
    this.#pending = bytes.subarray(at);
  }

  /** Call at the end of the stream: throws `GIT_INCOMPLETE` if it ended within a packet. */
  finish(): void {
    if (this.#pending.length === 0) return;
    throw new GitError(
      "GIT_INCOMPLETE",
      `the response of ${this.#url} ends in the middle of a packet; the request is retried`,
    );
  }
}

/** Encodes a packet for the wire. */
export function packetBytes(packet: Packet): Buffer {
  if (packet.kind !== "data") return Buffer.from(SPECIAL_LENGTHS[packet.kind]);
  const length = (packet.data.length + 4).toString(16).padStart(4, "0");
  return Buffer.concat([Buffer.from(length), packet.data]);
}

const SPECIAL_LENGTHS = { flush: FLUSH, delimiter: DELIMITER, end: "0002" } as const;

/** Returns the text of a packet without its trailing line break. */
export function packetText(data: Buffer): string {
  return data.toString("utf8").replace(/\n$/, "");
}

/** Returns the error for a response that is not the Git protocol. Its content is not quoted: it may be anything. */
export function notGit(url: string): GitError {
  return new GitError(
    "GIT_PROTOCOL",
    `the response of ${url} is not the Git protocol: check that url is the address of a Git repository`,
  );
}

/** Parses the length of a packet, 0 to 2 for special packets; undefined if these are not length digits. */
function packetLength(bytes: Buffer, at: number): number | undefined {
  let length = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = hexDigit(bytes[i] ?? 0);
    if (digit < 0) return undefined;
    length = length * 16 + digit;
  }
  return length === 3 || length > MAX_PACKET ? undefined : length;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
