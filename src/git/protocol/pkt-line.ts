import { GitError } from "../errors.js";

/** Longest packet, its four length digits included (gitprotocol-common). */
const MAX_PACKET = 65520;

/** End of a message. */
export const FLUSH = "0000";
/** Boundary between the parts of a protocol v2 message. */
export const DELIMITER = "0001";

/** One packet: four hex digits of length, then the text with the line break that Git puts at the end of a line. */
export function pktLine(text: string): string {
  const line = `${text}\n`;
  return (Buffer.byteLength(line) + 4).toString(16).padStart(4, "0") + line;
}

/** One packet as it was received. `data` is a view into the received bytes. */
export type Packet =
  | { readonly kind: "data"; readonly data: Buffer }
  | { readonly kind: "flush" | "delimiter" | "end" };

const MARKS = { 0: { kind: "flush" }, 1: { kind: "delimiter" }, 2: { kind: "end" } } as const;

/**
 * Takes a stream of packets apart as it arrives. Throws `GIT_PROTOCOL` for what is no packet: a sign-in page, for example.
 * `url` is for that message.
 */
export class PktLineParser {
  readonly #url: string;
  #rest: Buffer = Buffer.alloc(0);

  constructor(url: string) {
    this.#url = url;
  }

  /** The packets that `chunk` completes. */
  *push(chunk: Buffer): Generator<Packet> {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (bytes.length - at >= 4) {
      const length = packetLength(bytes, at);
      if (length === undefined) throw notGit(this.#url);
      if (length < 3) {
        yield MARKS[length as 0 | 1 | 2];
        at += 4;
        continue;
      }
      if (bytes.length - at < length) break;
      yield { kind: "data", data: bytes.subarray(at + 4, at + length) };
      at += length;
    }
    this.#rest = bytes.subarray(at);
  }

  /** Call at the end of the stream: throws `GIT_INCOMPLETE` when it ended within a packet. */
  finish(): void {
    if (this.#rest.length === 0) return;
    throw new GitError(
      "GIT_INCOMPLETE",
      `the answer of ${this.#url} ends in the middle of a packet; it will be asked again`,
    );
  }
}

/** A packet as it goes over the wire. */
export function packetBytes(packet: Packet): Buffer {
  if (packet.kind !== "data") return Buffer.from(WIRE_MARKS[packet.kind]);
  const length = (packet.data.length + 4).toString(16).padStart(4, "0");
  return Buffer.concat([Buffer.from(length), packet.data]);
}

const WIRE_MARKS = { flush: FLUSH, delimiter: DELIMITER, end: "0002" } as const;

/** The text of a packet without the line break at its end. */
export function packetText(data: Buffer): string {
  return data.toString("utf8").replace(/\n$/, "");
}

/** The error for an answer that does not speak the protocol. The answer itself is not quoted: nobody knows what is in it. */
export function notGit(url: string): GitError {
  return new GitError(
    "GIT_PROTOCOL",
    `the answer of ${url} is not the Git protocol: is this the address of a Git repository?`,
  );
}

/** 0 to 2 for the marks, the length of a packet otherwise; undefined when these are no length digits. */
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
