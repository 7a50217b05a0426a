import type { RemoteRefs } from "./engine.js";
import { GitError } from "./errors.js";
import { notGit, type Packet, packetText } from "./pkt-line.js";

const COMMIT_ID = /^[0-9a-f]{40}$/;

/** What a server says on `GET info/refs`: that it speaks protocol v2, or all of its refs (protocol v0 and v1). */
export type Advertisement = { readonly version: 2 } | { readonly version: 0; readonly refs: RemoteRefs };

/** Reads the answer to `GET info/refs` (gitprotocol-http). `prefixes` are applied here, as an old server cannot. */
export function parseAdvertisement(
  packets: readonly Packet[],
  prefixes: readonly string[],
  url: string,
): Advertisement {
  const lines = packets.flatMap((packet) => (packet.kind === "data" ? [packetText(packet.data)] : []));
  let first = 0;
  if (lines[first]?.startsWith("# service=")) first++;
  if (lines[first] === "version 2") return { version: 2 };
  if (lines[first] === "version 1") first++;
  if (packets.length === 0 || (first === 0 && lines[0]?.includes("\0") !== true)) throw notGit(url);
  return { version: 0, refs: parseRefLines(lines.slice(first), prefixes, url) };
}

/** `<id> <name>` lines; capabilities after a NUL on the first one, `<name>^{}` for what an annotated tag points at. */
function parseRefLines(lines: readonly string[], prefixes: readonly string[], url: string): RemoteRefs {
  const refs = new Map<string, string>();
  const [, capabilities = ""] = lines[0]?.split("\0") ?? [];
  for (const line of lines) {
    const [text = ""] = line.split("\0");
    if (text.startsWith("shallow ")) continue;
    refuseErrorLine(text, url);
    const name = text.slice(41);
    if (name === "capabilities^{}") continue;
    const peeled = name.endsWith("^{}");
    const ref = peeled ? name.slice(0, -3) : name;
    const id = commitId(text.slice(0, 40), text[40], url);
    if (prefixes.some((prefix) => ref.startsWith(prefix))) refs.set(ref, id);
  }
  const head = /(?:^| )symref=HEAD:(\S+)/.exec(capabilities)?.[1];
  return { refs, head: refs.has("HEAD") ? head : undefined };
}

/** Reads the answer to `ls-refs` of protocol v2 (gitprotocol-v2): `<id> <name>[ symref-target:<ref>][ peeled:<id>]`. */
export function parseLsRefs(packets: readonly Packet[], url: string): RemoteRefs {
  const refs = new Map<string, string>();
  let head: string | undefined;
  if (packets.at(-1)?.kind !== "flush") throw notGit(url);
  for (const packet of packets) {
    if (packet.kind !== "data") continue;
    const text = packetText(packet.data);
    refuseErrorLine(text, url);
    const [id = "", name = "", ...attributes] = text.split(" ");
    if (id === "unborn") continue;
    const peeled = attributes.find((attribute) => attribute.startsWith("peeled:"))?.slice("peeled:".length);
    refs.set(name, commitId(peeled ?? id, name === "" ? undefined : " ", url));
    const target = attributes.find((attribute) => attribute.startsWith("symref-target:"));
    if (name === "HEAD" && target !== undefined) head = target.slice("symref-target:".length);
  }
  return { refs, head };
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

/** `ERR <text>` is how a server says no within a packet. */
function refuseErrorLine(text: string, url: string): void {
  if (text.startsWith("ERR ")) throw remoteFailed(url, text.slice(4));
}

/** The error for what a server says went wrong on its side. Its words are shortened and freed of control characters. */
export function remoteFailed(url: string, words: string): GitError {
  const shown = words
    .replace(/\p{Cc}+/gu, " ")
    .trim()
    .slice(0, 200);
  return new GitError("GIT_REMOTE_FAILED", `the server of ${url} gave up: ${shown || "it does not say why"}`);
}
