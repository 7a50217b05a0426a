import { GitError } from "../errors.js";
import { remoteFailed } from "../protocol/advertisement.js";
import { PktLineParser, packetBytes, packetText } from "../protocol/pkt-line.js";

/** Side bands of a `git upload-pack` response (gitprotocol-pack): pack data, progress, and fatal errors. */
const PACK_BAND = 1;
const PROGRESS_BAND = 2;
const FATAL_BAND = 3;

/** A parsed fetch response. */
export interface UploadPackResponse {
  /** All packets outside the side bands, for isomorphic-git. */
  readonly control: Buffer;
  /** Empty if the server had nothing to send. */
  readonly pack: Buffer;
}

/**
 * Extracts the pack from a fetch response. isomorphic-git gets only the other packets: it would treat a server's `fatal:` within
 * the pack as its end, keep the pack in memory twice, and unpack it without a limit. Throws `GIT_COMMIT_NOT_FOUND` if the server
 * rejects the request, `GIT_REMOTE_FAILED` if it fails while sending, both with its message, or `GIT_PROTOCOL`.
 */
export async function splitUploadPack(body: AsyncIterable<Buffer>, url: string): Promise<UploadPackResponse> {
  const parser = new PktLineParser(url);
  const control: Buffer[] = [];
  const pack: Buffer[] = [];
  for await (const chunk of body) {
    for (const packet of parser.push(chunk)) {
      if (packet.kind !== "data" || isControl(packet.data, url)) control.push(packetBytes(packet));
      else takeBand(packet.data, pack, url);
    }
  }
  parser.finish();
  return { control: Buffer.concat(control), pack: Buffer.concat(pack) };
}

/** Returns whether a packet belongs to the negotiation. Throws if it is an error of the server. */
function isControl(data: Buffer, url: string): boolean {
  const band = data[0] ?? 0;
  if (band === PACK_BAND || band === PROGRESS_BAND || band === FATAL_BAND) return false;
  const text = packetText(data);
  if (text.startsWith("ERR ")) throw new GitError("GIT_COMMIT_NOT_FOUND", remoteFailed(url, text.slice(4)).message);
  return true;
}

function takeBand(data: Buffer, pack: Buffer[], url: string): void {
  if (data[0] === FATAL_BAND) throw remoteFailed(url, data.toString("utf8", 1));
  if (data[0] === PACK_BAND) pack.push(data.subarray(1));
}
