import type { GitRemote, RemoteRefs } from "../../engine.js";
import type { GitLimits } from "../../limits.js";
import { AdvertisementReader, LsRefsReader } from "../../protocol/advertisement.js";
import { isWide, lsRefsRequest } from "../../protocol/ls-refs.js";
import { PktLineParser } from "../../protocol/pkt-line.js";
import { RefFilter } from "../../refs/ref-filter.js";
import type { SshConversations } from "./conversation.js";

const REMEDY = "delete unused branches and tags, or upgrade the server";

/** Lists refs over SSH: one connection per poll, on which `git-upload-pack` of the server is asked by protocol v2, or v0. */
export class SshRefs {
  readonly #conversations: SshConversations;
  readonly #limits: GitLimits;

  constructor(conversations: SshConversations, limits: GitLimits) {
    this.#conversations = conversations;
    this.#limits = limits;
  }

  /** Lists the refs that match one of `prefixes`, with annotated tags peeled; includes HEAD if a prefix matches it. */
  list(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs> {
    const { maxRefBytes, maxNamedRefBytes } = this.#limits;
    const topic = {
      what: "listing its refs",
      maxBytes: isWide(prefixes) ? maxRefBytes : Math.max(maxNamedRefBytes, maxRefBytes),
      remedy: REMEDY,
      start: (send: (text: string) => void) => new Dialog(remote, prefixes, this.#limits, send),
    };
    return this.#conversations.run(remote, topic, signal);
  }
}

/** State of the conversation with `git-upload-pack`. */
class Dialog {
  readonly #parser: PktLineParser;
  readonly #advertisement: AdvertisementReader;
  readonly #refs: LsRefsReader;
  readonly #ask: () => void;
  #isAsked = false;

  constructor(remote: GitRemote, prefixes: readonly string[], limits: GitLimits, send: (text: string) => void) {
    const filter = (): RefFilter =>
      new RefFilter(prefixes, limits.maxRefs, remote.url, "delete unused branches and tags");
    this.#parser = new PktLineParser(remote.url);
    this.#advertisement = new AdvertisementReader(filter(), remote.url, { isService: true });
    this.#refs = new LsRefsReader(filter(), remote.url);
    this.#ask = () => send(lsRefsRequest(prefixes));
  }

  /** Consumes received bytes; returns the refs once they are complete. */
  take(chunk: Buffer): RemoteRefs | undefined {
    for (const packet of this.#parser.push(chunk)) {
      if (this.#isAsked) {
        this.#refs.take(packet);
        if (packet.kind === "flush") return this.#refs.finish();
        continue;
      }
      this.#advertisement.take(packet);
      if (packet.kind !== "flush") continue;
      const advertisement = this.#advertisement.finish();
      if (advertisement.version === 0) return advertisement.refs;
      this.#isAsked = true;
      this.#ask();
    }
    return undefined;
  }
}
