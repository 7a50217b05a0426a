/** What a Git server does wrong with one request. Faults of the pack leave answers without a pack alone. */
export type GitFault =
  /** Answers a status instead of asking Git. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Record<string, string>;
    }
  /** Waits before Git is asked; then everything goes its normal way. */
  | { readonly kind: "delay"; readonly until: Promise<void> }
  /** Cuts the TCP connection in the middle of the pack. */
  | { readonly kind: "cut" }
  /** Ends the answer in the middle of the pack as if that were all of it. */
  | { readonly kind: "end" }
  /** Flips one bit in the middle of the pack. */
  | { readonly kind: "flip" }
  /** Says `fatal: …` on side band 3 in the middle of the pack, and ends the answer. */
  | { readonly kind: "fatal"; readonly message?: string };

/** The faults that need to know where in the answer the pack is. */
export type PackFault = Extract<GitFault, { kind: "cut" | "end" | "flip" | "fatal" }>;

/** What is to be sent instead of an answer. */
export interface SpoiledAnswer {
  readonly body: Buffer;
  /** Whether the connection is to be cut after the body. */
  readonly cut: boolean;
}

/** Bytes of a pack within the answer: packet by packet, as side band 1 carries them. */
interface PackPacket {
  /** Offset of the packet's four length digits. */
  readonly start: number;
  /** Offsets of its data, behind the digits and the band. */
  readonly from: number;
  readonly to: number;
}

/** Puts a fault into the middle of the pack of an answer of `git upload-pack`; undefined when it has no pack. */
export function spoilPack(answer: Buffer, fault: PackFault): SpoiledAnswer | undefined {
  const packets = packPackets(answer);
  const middle = middleOf(packets);
  if (middle === undefined) return undefined;
  switch (fault.kind) {
    case "cut":
      return { body: answer.subarray(0, middle.at), cut: true };
    case "end":
      return { body: answer.subarray(0, middle.at), cut: false };
    case "flip": {
      const body = Buffer.from(answer);
      body[middle.at] = (body[middle.at] ?? 0) ^ 0x10;
      return { body, cut: false };
    }
    case "fatal": {
      const half = dataPacket(1, answer.subarray(middle.packet.from, middle.at));
      const message = dataPacket(3, Buffer.from(`fatal: ${fault.message ?? "the remote end broke down"}\n`));
      return { body: Buffer.concat([answer.subarray(0, middle.packet.start), half, message]), cut: false };
    }
  }
}

/** Packets of side band 1 from the one on that begins with the signature of a pack. */
function packPackets(answer: Buffer): readonly PackPacket[] {
  const packets: PackPacket[] = [];
  for (let start = 0; start + 4 <= answer.length; ) {
    const length = Number.parseInt(answer.toString("latin1", start, start + 4), 16);
    if (Number.isNaN(length)) break;
    const packet = { start, from: start + 5, to: Math.min(start + length, answer.length) };
    const isData = length > 5 && answer[start + 4] === 1;
    if (isData && (packets.length > 0 || answer.toString("latin1", packet.from, packet.from + 4) === "PACK")) {
      packets.push(packet);
    }
    start += Math.max(length, 4);
  }
  return packets;
}

/** The byte in the middle of the pack, and the packet it is in. */
function middleOf(packets: readonly PackPacket[]): { readonly at: number; readonly packet: PackPacket } | undefined {
  const total = packets.reduce((sum, packet) => sum + packet.to - packet.from, 0);
  let left = Math.floor(total / 2);
  for (const packet of packets) {
    const length = packet.to - packet.from;
    if (left < length) return { at: packet.from + left, packet };
    left -= length;
  }
  return undefined;
}

function dataPacket(band: number, data: Uint8Array): Buffer {
  const length = (data.length + 5).toString(16).padStart(4, "0");
  return Buffer.concat([Buffer.from(length), Buffer.from([band]), data]);
}
