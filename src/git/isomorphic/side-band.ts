import { GitError } from "../errors.js";
import { remoteFailed } from "../protocol/advertisement.js";
import { PktLineParser, packetBytes, packetText } from "../protocol/pkt-line.js";

/** Side bands of an answer of `git upload-pack` (gitprotocol-pack): the pack, words for people, the last words. */
const PACK_BAND = 1;
const PROGRESS_BAND = 2;
const FATAL_BAND = 3;

/** An answer to a fetch, taken apart. */
export interface UploadPackResponse {
  /** All packets but those of the side bands, for isomorphic-git. */
  readonly control: Buffer;
  /** Empty when the server had nothing to send. */
  readonly pack: Buffer;
}

/**
 * Takes the pack out of the answer to a fetch. isomorphic-git gets only the rest: it would take a server's `fatal:` in the
 * middle of the pack for its end, keep the pack in memory twice, and unpack it without any limit. Throws
 * `GIT_COMMIT_NOT_FOUND` when the server refuses to send what was asked for, `GIT_REMOTE_FAILED` when it gives up on the
 * way, both with its words, or `GIT_PROTOCOL`.
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

/** Whether a packet is a line of the negotiation. Throws when it is the server's refusal. */
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
