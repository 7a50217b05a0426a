import { timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join, resolve } from "node:path";
import { askBackend, type BackendAnswer } from "./git-backend.js";
import { type GitFault, type PackFault, type SpoiledAnswer, spoilPack } from "./git-faults.js";
import { GitRepo } from "./git-repository.js";
import { makeTemporaryFolder } from "./temporary-folder.js";

/** A logged request. */
export interface GitRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Known once the body has begun: asking for refs by protocol v2 is a POST to the same address as a fetch. */
  kind: GitRequestKind;
}

/** `refs`: what a poll asks. `fetch`: upload-pack, which in protocol 2 lists refs as well. `push`: receive-pack. */
export type GitRequestKind = "refs" | "fetch" | "push" | "other";

/** Returns the fault to inject into a request; undefined for none. */
export type FaultHook = (request: GitRequest) => GitFault | undefined;

/** Options of a Git server. */
export interface GitServerOptions {
  /** Directory of the repositories. Defaults to a temporary one, removed at the end. */
  readonly root?: string;
  /** Credentials for HTTP basic authentication. If unset, requests need no credentials. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Defaults to a free port. */
  readonly port?: number;
}

/** A Git server on loopback: HTTP over the real `git http-backend`. */
export interface GitServer {
  /** Base URL without trailing slash and credentials. */
  readonly url: string;
  readonly root: string;
  /** All requests since the start or the last `clearRequests`, including unauthenticated ones. */
  readonly requests: readonly GitRequest[];
  /** Returns the number of logged requests of a kind, or of all kinds. */
  count(kind?: GitRequestKind): number;
  clearRequests(): void;
  /** Creates an empty repository, served at `<url>/<name>.git`; the name may contain slashes. */
  createRepository(name: string, options?: { readonly defaultBranch?: string }): Promise<GitRepo>;
  /** Calls `hook` for each request to inject faults; undefined disables faults. */
  setFault(hook: FaultHook | undefined): void;
  /** Closes all connections, stops all Git processes and removes a temporary root. */
  stop(): Promise<void>;
}

/** Starts a Git server. Throws if the port is in use. */
export async function startGitServer(options: GitServerOptions = {}): Promise<GitServer> {
  const temporary = options.root === undefined ? await makeTemporaryFolder("overseer-git-") : undefined;
  const root = temporary?.path ?? resolve(options.root ?? "");
  await mkdir(root, { recursive: true });
  const requests: GitRequest[] = [];
  const backends = new Set<() => void>();
  let hook: FaultHook | undefined;
  const server = createServer((request, response) => {
    const logged = describe(request);
    requests.push(logged);
    const fault = isAllowed(request, options.auth) ? hook?.(logged) : UNAUTHORIZED;
    serve(root, request, response, fault, backends, logged).catch(() => response.destroy());
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    root,
    requests,
    count: (kind) => requests.filter((one) => kind === undefined || one.kind === kind).length,
    clearRequests: () => requests.splice(0),
    createRepository: async (name, { defaultBranch = "main" } = {}) => {
      const path = repositoryPath(root, name);
      await mkdir(dirname(path), { recursive: true });
      return GitRepo.create(`${url}/${name}.git`, path, defaultBranch);
    },
    setFault: (next) => {
      hook = next;
    },
    stop: async () => {
      for (const end of backends) end();
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
      await temporary?.remove();
    },
  };
}

const UNAUTHORIZED: GitFault = {
  kind: "status",
  status: 401,
  headers: { "www-authenticate": 'Basic realm="git"' },
  body: "authentication required\n",
};

async function serve(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  fault: GitFault | undefined,
  backends: Set<() => void>,
  logged: GitRequest,
): Promise<void> {
  if (fault?.kind === "status") {
    request.resume();
    response.writeHead(fault.status, fault.headers ?? {}).end(fault.body ?? "");
    return;
  }
  if (fault?.kind === "delay") await fault.until;
  if (response.destroyed) return;
  const { child, answer } = askBackend(root, request);
  request.once("data", (chunk: Buffer) => {
    if (logged.kind === "fetch" && chunk.includes("command=ls-refs")) logged.kind = "refs";
  });
  const end = () => {
    child.kill("SIGKILL");
    child.stdout.destroy();
  };
  backends.add(end);
  child.once("close", () => backends.delete(end));
  response.once("close", end);
  const started = await answer;
  response.writeHead(started.status, started.headers);
  if (fault === undefined || fault.kind === "delay") await passOn(started, response);
  else await sendSpoiled(await spoil(started, fault), response);
}

async function passOn(answer: BackendAnswer, response: ServerResponse): Promise<void> {
  const closed = new Promise<void>((resolve) => response.once("close", resolve));
  response.write(answer.first);
  for await (const chunk of answer.rest) {
    if (response.write(chunk)) continue;
    const waiting = new AbortController();
    await Promise.race([once(response, "drain", { signal: waiting.signal }), closed]).finally(() => waiting.abort());
  }
  response.end();
}

async function spoil(answer: BackendAnswer, fault: PackFault): Promise<SpoiledAnswer> {
  const chunks = [answer.first];
  for await (const chunk of answer.rest) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  return spoilPack(body, fault) ?? { body, cut: false };
}

async function sendSpoiled(answer: SpoiledAnswer, response: ServerResponse): Promise<void> {
  if (!answer.cut) {
    response.end(answer.body);
    return;
  }
  await new Promise((flushed) => response.write(answer.body, flushed));
  response.socket?.resetAndDestroy();
}

function describe(request: IncomingMessage): GitRequest {
  const url = request.url ?? "/";
  return { method: request.method ?? "GET", url, at: Date.now(), kind: kindOf(url) };
}

function kindOf(url: string): GitRequestKind {
  if (/\/info\/refs(\?|$)/.test(url)) return "refs";
  if (url.endsWith("/git-upload-pack")) return "fetch";
  return url.endsWith("/git-receive-pack") ? "push" : "other";
}

function isAllowed(request: IncomingMessage, auth: GitServerOptions["auth"]): boolean {
  if (auth === undefined) return true;
  const expected = Buffer.from(`Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`);
  const actual = Buffer.from(request.headers.authorization ?? "");
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

function repositoryPath(root: string, name: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/.test(name)) {
    throw new Error(`invalid repository name: ${name}`);
  }
  return join(root, `${name}.git`);
}
