import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { chmod, rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EnvHttpProxyAgent, fetch } from "undici";
import type { ReleaseFile } from "./binary-catalog.js";
import { runCommand } from "./run-command.js";

/** Timeout of the first connection in milliseconds, after which the machine counts as offline. */
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Downloads programs of official releases and verifies their published SHA-256. After a connection failure, all later
 * downloads fail at once. Honors HTTPS_PROXY and NO_PROXY.
 */
export class ReleaseDownloader {
  readonly #agent = new EnvHttpProxyAgent({ connect: { timeout: CONNECT_TIMEOUT_MS }, bodyTimeout: 60_000 });
  #offline: string | undefined;

  /** Downloads the program `name` into `folder`. Throws if it is unavailable or its checksum does not match. */
  async download(file: ReleaseFile, name: string, folder: string): Promise<void> {
    const fileName = basename(new URL(file.url).pathname);
    const expected = findSha256(await (await this.#get(file.checksumUrl)).text(), fileName);
    if (expected === undefined) throw new Error(`${file.checksumUrl} has no SHA-256 of ${fileName}`);
    const response = await this.#get(file.url);
    const target = join(folder, `${name}.download`);
    const actual = await save(response.body ?? new ReadableStream(), target);
    if (actual !== expected) throw new Error(`${file.url} has SHA-256 ${actual}, its release says ${expected}`);
    if (file.archiveMember === undefined) await rename(target, join(folder, name));
    else await unpack(target, file.archiveMember, name, folder);
    await chmod(join(folder, name), 0o755);
  }

  /** Closes open connections. */
  async close(): Promise<void> {
    await this.#agent.close();
  }

  async #get(url: string) {
    if (this.#offline !== undefined) throw new Error(this.#offline);
    const response = await fetch(url, { dispatcher: this.#agent }).catch((error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
      this.#offline = `the internet is not reachable (${new URL(url).host}: ${cause || "connection refused"})`;
      throw new Error(this.#offline);
    });
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    return response;
  }
}

/**
 * Returns the SHA-256 of `fileName` from a checksum file: a bare hash, lines in the format of sha256sum, or the JSON of a
 * GitHub release with asset digests. Lowercase hex; undefined if not found.
 */
export function findSha256(text: string, fileName: string): string | undefined {
  const bare = /^\s*([0-9a-f]{64})\s*$/i.exec(text);
  if (bare !== null) return bare[1]?.toLowerCase();
  if (text.trimStart().startsWith("{")) return digestOfAsset(text, fileName);
  for (const line of text.split("\n")) {
    const [, hash, name] = /^([0-9a-f]{64})\s+\*?(.+?)\s*$/i.exec(line) ?? [];
    if (name !== undefined && basename(name) === fileName) return hash?.toLowerCase();
  }
  return undefined;
}

function digestOfAsset(text: string, fileName: string): string | undefined {
  const release = JSON.parse(text) as { readonly assets?: readonly { name?: unknown; digest?: unknown }[] };
  const digest = release.assets?.find((asset) => asset.name === fileName)?.digest;
  return typeof digest === "string" ? /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1] : undefined;
}

/** Writes a body to a file and returns its SHA-256. */
async function save(body: AsyncIterable<Uint8Array>, target: string): Promise<string> {
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(Readable.from(body), hashing, createWriteStream(target));
  return hash.digest("hex");
}

async function unpack(archive: string, member: string, name: string, folder: string): Promise<void> {
  const depth = member.split("/").length - 1;
  await runCommand("tar", ["-xzf", archive, "-C", folder, `--strip-components=${depth}`, member]);
  if (basename(member) !== name) await rename(join(folder, basename(member)), join(folder, name));
  await rm(archive);
}
