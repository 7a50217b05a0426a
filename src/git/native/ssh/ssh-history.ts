import type { GitRemote } from "../../engine.js";
import {
  type GitHistory,
  HISTORY_REMEDY,
  historyOf,
  historyUnsupported,
  MAX_HISTORY_BYTES,
} from "../../history/history.js";
import { type HistoryRequest, historyCommand } from "../../history/request.js";
import { Capabilities, HistoryResponse } from "../../history/response.js";
import type { GitLimits } from "../../limits.js";
import { PktLineParser } from "../../protocol/pkt-line.js";
import type { SshConversations } from "./conversation.js";

/** Reads commits and tags over SSH, with one connection. */
export class SshHistory {
  readonly #conversations: SshConversations;
  readonly #limits: GitLimits;

  constructor(conversations: SshConversations, limits: GitLimits) {
    this.#conversations = conversations;
    this.#limits = limits;
  }

  /** Throws `GIT_HISTORY_UNSUPPORTED` and the errors of a fetch. */
  async read(remote: GitRemote, request: HistoryRequest, signal: AbortSignal): Promise<GitHistory> {
    const topic = {
      what: "reading its history",
      maxBytes: MAX_HISTORY_BYTES,
      remedy: HISTORY_REMEDY,
      start: (send: (text: string) => void) => new Dialog(remote.url, request, send),
    };
    return historyOf(await this.#conversations.run(remote, topic, signal), this.#limits);
  }
}

/** Reads the capabilities, sends the request, and reads the pack. */
class Dialog {
  readonly #url: string;
  readonly #request: HistoryRequest;
  readonly #send: (text: string) => void;
  readonly #parser: PktLineParser;
  readonly #capabilities = new Capabilities();
  readonly #response: HistoryResponse;
  #isAsked = false;

  constructor(url: string, request: HistoryRequest, send: (text: string) => void) {
    this.#url = url;
    this.#request = request;
    this.#send = send;
    this.#parser = new PktLineParser(url);
    this.#response = new HistoryResponse(url);
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
      this.#isAsked = true;
      this.#send(historyCommand(this.#request, capabilities.filter));
    }
    return undefined;
  }
}
