import type { GitRemote } from "../../engine.js";
import { filtersUnsupported, historyUnsupported, MAX_PACK_BYTES } from "../../history/history.js";
import { type PackRequest, packCommand } from "../../history/request.js";
import { Capabilities, PackResponse } from "../../history/response.js";
import { PktLineParser } from "../../protocol/pkt-line.js";
import type { SshConversations } from "./conversation.js";

/** Receives packs over SSH, with one connection each. */
export class SshPacks {
  readonly #conversations: SshConversations;

  constructor(conversations: SshConversations) {
    this.#conversations = conversations;
  }

  /** Returns a pack that is not verified. Throws `GIT_HISTORY_UNSUPPORTED` and the errors of a fetch. */
  async read(remote: GitRemote, request: PackRequest, signal: AbortSignal): Promise<Buffer> {
    const topic = {
      what: "receiving objects",
      maxBytes: MAX_PACK_BYTES,
      remedy: request.remedy,
      start: (send: (text: string) => void) => new Dialog(remote.url, request, send),
    };
    return this.#conversations.run(remote, topic, signal);
  }
}

/** Reads the capabilities, sends the request, and reads the pack. */
class Dialog {
  readonly #url: string;
  readonly #request: PackRequest;
  readonly #send: (text: string) => void;
  readonly #parser: PktLineParser;
  readonly #capabilities = new Capabilities();
  readonly #response: PackResponse;
  #isAsked = false;

  constructor(url: string, request: PackRequest, send: (text: string) => void) {
    this.#url = url;
    this.#request = request;
    this.#send = send;
    this.#parser = new PktLineParser(url);
    this.#response = new PackResponse(url);
  }

  take(chunk: Buffer): Buffer | undefined {
    for (const packet of this.#parser.push(chunk)) {
      if (this.#isAsked) {
        this.#response.take(packet);
        if (this.#response.isWhole) return this.#response.finish();
        continue;
      }
      this.#capabilities.take(packet);
      if (packet.kind !== "flush") continue;
      const capabilities = this.#capabilities.finish();
      if (capabilities === undefined) throw historyUnsupported(this.#url);
      if (this.#request.needsFilter && !capabilities.filter) throw filtersUnsupported(this.#url);
      this.#isAsked = true;
      this.#send(packCommand(this.#request, capabilities.filter));
    }
    return undefined;
  }
}
