import type { RemoteRefs } from "../engine.js";
import { GitError } from "../errors.js";
import type { RefFilter } from "../refs/ref-filter.js";
import { notGit, type Packet, packetText } from "./pkt-line.js";

const COMMIT_ID = /^[0-9a-f]{40}$/;

/** Consumes a response packet by packet and returns its content at the end. */
export interface ResponseReader<T> {
  take(packet: Packet): void;
  finish(): T;
}

/** Response to `GET info/refs`: support for protocol v2, or all refs (protocol v0 and v1). */
export type Advertisement = { readonly version: 2 } | { readonly version: 0; readonly refs: RemoteRefs };

/**
 * Reads the response to `GET info/refs` (gitprotocol-http). The requested refs are filtered here, because old servers send all.
 * Ref lines are `<id> <name>`; capabilities follow a NUL on the first line, and `<name>^{}` is the target of an annotated
 * tag.
 */
export class AdvertisementReader implements ResponseReader<Advertisement> {
  readonly #refs: RefFilter;
  readonly #url: string;
  /** Expected next line: service, version, first ref, another ref, or nothing relevant. */
  #next: "service" | "version" | "first ref" | "ref" | "nothing" = "service";
  #hasService = false;
  #hasVersion = false;
  #head: string | undefined;

  /** With `isService`, the response comes from `git-upload-pack` itself, which does not announce the service. */
  constructor(refs: RefFilter, url: string, origin: { isService?: boolean } = {}) {
    this.#refs = refs;
    this.#url = url;
    if (origin.isService !== true) return;
    this.#next = "version";
    this.#hasService = true;
  }

  take(packet: Packet): void {
    if (packet.kind !== "data" || this.#next === "nothing") return;
    const text = packetText(packet.data);
    if (this.#next === "service") {
      this.#next = "version";
      this.#hasService = text.startsWith("# service=");
      if (this.#hasService) return;
    }
    if (this.#next === "version") {
      this.#next = text === "version 2" ? "nothing" : "first ref";
      this.#hasVersion = text === "version 1";
      if (this.#hasVersion || text === "version 2") return;
    }
    const isFirst = this.#next === "first ref";
    this.#next = "ref";
    if (isFirst) this.#takeFirst(text);
    this.#takeRef(text);
  }

  finish(): Advertisement {
    if (this.#next === "nothing") return { version: 2 };
    if (this.#next === "service") throw notGit(this.#url);
    const { kept, tags } = this.#refs;
    const head = kept.has("HEAD") ? this.#head : undefined;
    return { version: 0, refs: { refs: kept, ...(tags.size === 0 ? {} : { tags }), head } };
  }

  #takeFirst(text: string): void {
    const [, capabilities] = text.split("\0");
    if (capabilities === undefined && !this.#hasService && !this.#hasVersion) throw notGit(this.#url);
    this.#head = /(?:^| )symref=HEAD:(\S+)/.exec(capabilities ?? "")?.[1];
  }

  #takeRef(line: string): void {
    const [text = ""] = line.split("\0");
    if (text.startsWith("shallow ")) return;
    refuseErrorLine(text, this.#url);
    const name = text.slice(41);
    if (name === "capabilities^{}") return;
    const id = commitId(text.slice(0, 40), text[40], this.#url);
    const tag = name.endsWith("^{}") ? name.slice(0, -3) : undefined;
    if (tag === undefined) this.#refs.keep(name, id);
    else this.#refs.keep(tag, id, this.#refs.kept.get(tag));
  }
}

/** Reads the response to `ls-refs` of protocol v2 (gitprotocol-v2): `<id> <name>[ symref-target:<ref>][ peeled:<id>]`. */
export class LsRefsReader implements ResponseReader<RemoteRefs> {
  readonly #refs: RefFilter;
  readonly #url: string;
  #isWhole = false;
  #head: string | undefined;

  constructor(refs: RefFilter, url: string) {
    this.#refs = refs;
    this.#url = url;
  }

  take(packet: Packet): void {
    this.#isWhole = packet.kind === "flush";
    if (packet.kind !== "data") return;
    const text = packetText(packet.data);
    refuseErrorLine(text, this.#url);
    const [id = "", name = "", ...attributes] = text.split(" ");
    if (id === "unborn") return;
    const peeled = attributes.find((attribute) => attribute.startsWith("peeled:"))?.slice("peeled:".length);
    const isTag = peeled !== undefined && COMMIT_ID.test(id);
    this.#refs.keep(name, commitId(peeled ?? id, name === "" ? undefined : " ", this.#url), isTag ? id : undefined);
    const target = attributes.find((attribute) => attribute.startsWith("symref-target:"));
    if (name === "HEAD" && target !== undefined) this.#head = target.slice("symref-target:".length);
  }

  finish(): RemoteRefs {
    if (!this.#isWhole) throw notGit(this.#url);
    const { kept, tags } = this.#refs;
    return { refs: kept, ...(tags.size === 0 ? {} : { tags }), head: this.#head };
  }
}

function commitId(id: string, separator: string | undefined, url: string): string {
  if (separator === " " && COMMIT_ID.test(id)) return id;
  if (/^[0-9a-f]{41,64}$/.test(id)) {
    throw new GitError(
      "GIT_PROTOCOL",
      `${url} is a SHA-256 repository, which is not supported: use a SHA-1 repository`,
    );
  }
  throw notGit(url);
}

/** A server reports errors as a packet `ERR <text>`. */
function refuseErrorLine(text: string, url: string): void {
  if (text.startsWith("ERR ")) throw remoteFailed(url, text.slice(4));
}

/** Content type of the smart HTTP protocol. */
const ADVERTISEMENT = "application/x-git-upload-pack-advertisement";

/** Throws `GIT_PROTOCOL` for a server that offers only the "dumb" HTTP protocol, or no repository. */
export function checkAdvertised(url: string, contentType: string): void {
  const type = contentType
    .split(";")[0]
    ?.replace(/[^\w/+.-]/g, "")
    .slice(0, 80);
  if (type === "" || type === ADVERTISEMENT) return;
  throw new GitError(
    "GIT_PROTOCOL",
    `${url} does not support the smart HTTP protocol of Git (content type ${type}): check that url is the address of a Git repository`,
  );
}

/** Returns the error for a failure that the server reports. Its message is truncated and stripped of control characters. */
export function remoteFailed(url: string, message: string): GitError {
  const shown = message
    .slice(0, 4096)
    .replace(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, 200);
  return new GitError("GIT_REMOTE_FAILED", `the server of ${url} failed: ${shown || "no reason given"}`);
}
