import type { FastifyReply, FastifyRequest } from "fastify";
import { matchesIfNoneMatch } from "./etag.js";

/** A file in memory, ready to be sent. */
export interface StaticFile {
  /** Media type. */
  readonly type: string;
  /** Includes the quotes. */
  readonly etag: string;
  /** Whether the path changes with the contents, so that browsers may keep the file. */
  readonly immutable: boolean;
  readonly bytes: Buffer;
  /** Compressed forms, if they are smaller. */
  readonly br?: Buffer;
  readonly gzip?: Buffer;
}

/** Files by path, and what else belongs to the site. No path of a request reaches the disk. */
export interface StaticSite {
  readonly files: ReadonlyMap<string, StaticFile>;
  /** Page of all paths that are not files, for navigation inside of the page. */
  readonly page: string;
  /** Prefixes of paths that are never the page. */
  readonly except: readonly string[];
  /** Headers of the page and the files, which replace those of the API. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends a file of the site; returns undefined if the request is for none. */
export function sendFile(site: StaticSite, request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const file = fileFor(site, request);
  if (file === undefined) return undefined;
  reply.headers({
    ...site.headers,
    "cache-control": file.immutable ? "public, max-age=31536000, immutable" : "no-cache",
    vary: "accept-encoding",
  });
  reply.header("etag", file.etag);
  if (matchesIfNoneMatch(request.headers["if-none-match"], file.etag)) return reply.code(304).send();
  const [encoding, bytes] = encoded(file, request.headers["accept-encoding"]);
  if (encoding !== undefined) reply.header("content-encoding", encoding);
  return reply.code(200).type(file.type).send(bytes);
}

function fileFor({ files, page, except }: StaticSite, { url, headers }: FastifyRequest): StaticFile | undefined {
  const [path = ""] = url.split(/[?#]/);
  const file = files.get(path);
  if (file !== undefined) return file;
  if (!headers.accept?.includes("text/html") || except.some((prefix) => path.startsWith(prefix))) return undefined;
  return files.get(page);
}

function encoded({ br, gzip, bytes }: StaticFile, header: string | string[] | undefined): [string | undefined, Buffer] {
  const accepted = String(header ?? "")
    .toLowerCase()
    .split(",")
    .map((part) => part.trim())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(";")[0]);
  if (br !== undefined && accepted.includes("br")) return ["br", br];
  if (gzip !== undefined && accepted.includes("gzip")) return ["gzip", gzip];
  return [undefined, bytes];
}
