import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { IncomingMessage } from "node:http";
import { gitEnvironment } from "./git-repository.js";

/** The answer of `git http-backend`: what its CGI header says, and its body still to be read. */
export interface BackendAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What of the body came together with the header. */
  readonly first: Buffer;
  readonly rest: AsyncIterable<Buffer>;
}

/**
 * Starts `git http-backend` for one request and returns its process with the answer to come. The body of the request is
 * passed on as it is, with its content encoding, which Git decodes itself.
 */
export function askBackend(
  root: string,
  request: IncomingMessage,
): { readonly child: ChildProcessWithoutNullStreams; readonly answer: Promise<BackendAnswer> } {
  const child = spawn("git", ["http-backend"], { env: cgiEnvironment(root, request) });
  child.stderr.resume();
  child.stdin.on("error", () => {});
  request.pipe(child.stdin);
  return { child, answer: readAnswer(child) };
}

function cgiEnvironment(root: string, request: IncomingMessage): NodeJS.ProcessEnv {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const header = (name: string) => String(request.headers[name] ?? "");
  return {
    ...gitEnvironment(),
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_PROTOCOL: header("git-protocol"),
    REQUEST_METHOD: request.method ?? "GET",
    PATH_INFO: decodeURIComponent(url.pathname),
    QUERY_STRING: url.search.slice(1),
    CONTENT_TYPE: header("content-type"),
    CONTENT_LENGTH: header("content-length"),
    HTTP_CONTENT_ENCODING: header("content-encoding"),
    REMOTE_ADDR: "127.0.0.1",
    REMOTE_USER: "git",
  };
}

async function readAnswer(child: ChildProcessWithoutNullStreams): Promise<BackendAnswer> {
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  const chunks: AsyncIterator<Buffer> = child.stdout[Symbol.asyncIterator]();
  let read = Buffer.alloc(0);
  for (;;) {
    const end = read.indexOf("\r\n\r\n");
    if (end >= 0)
      return { ...parseHeader(read.toString("latin1", 0, end)), first: read.subarray(end + 4), rest: rest(chunks) };
    const next = await Promise.race([chunks.next(), failed]);
    if (next.done) throw new Error("git http-backend ended without an answer");
    read = Buffer.concat([read, next.value]);
  }
}

async function* rest(chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}

function parseHeader(text: string): { readonly status: number; readonly headers: Readonly<Record<string, string>> } {
  const headers: Record<string, string> = {};
  let status = 200;
  for (const line of text.split("\r\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "status") status = Number.parseInt(value, 10);
    else headers[name] = value;
  }
  return { status, headers };
}
