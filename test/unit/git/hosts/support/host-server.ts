import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { GitHostType } from "../../../../../src/api/git-provider.js";
import { systemClock } from "../../../../../src/base/clock.js";
import { HostRules } from "../../../../../src/base/host-rules.js";
import type { GitHost, NewCommitStatus } from "../../../../../src/git/hosts/git-host.js";
import { GitHosts, type GitHostsOptions } from "../../../../../src/git/hosts/git-hosts.js";

/** A request as the server received it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query below the URL of the API. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** Parsed JSON, or the text. */
  readonly body: unknown;
}

/** An answer: a JSON value with status 200, or all parts of it. */
export type HostAnswer =
  | { readonly json: unknown; readonly status?: number; readonly headers?: Readonly<Record<string, string>> }
  | { readonly text: string; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | "never";

/** Answers by `METHOD path`; without one, 404. */
export type HostAnswers = Readonly<Record<string, HostAnswer | ((request: ReceivedRequest) => HostAnswer)>>;

/** A server that answers as the documentation of a Git host describes. */
export class HostServer {
  readonly requests: ReceivedRequest[] = [];
  answers: HostAnswers = {};
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  /** Starts a server. */
  static async start(): Promise<HostServer> {
    const server = new HostServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** `METHOD path` of all requests, and forgets them. */
  take(): string[] {
    return this.requests.splice(0).map(({ method, path }) => `${method} ${path}`);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const received = {
      ...{ method: request.method ?? "", path: request.url ?? "", headers: request.headers, body: parsed(text) },
    };
    this.requests.push(received);
    const found = this.answers[`${received.method} ${received.path}`];
    const answer = typeof found === "function" ? found(received) : found;
    if (answer === "never") return;
    const { status = 200, headers = {} } = answer ?? { status: 404 };
    const body =
      answer === undefined
        ? '{"message":"no such thing"}'
        : "json" in answer
          ? JSON.stringify(answer.json)
          : answer.text;
    response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(status === 304 ? undefined : body);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Where the repositories of the tests are, by type of host. */
const URLS: Readonly<Record<GitHostType, string>> = {
  GitHub: "https://git.example.com/team/shop.git",
  GitLab: "https://git.example.com/group/team/shop.git",
  Gitea: "https://git.example.com/team/shop.git",
  Forgejo: "https://git.example.com/team/shop.git",
  BitbucketCloud: "https://bitbucket.org/team/shop.git",
  BitbucketDataCenter: "https://git.example.com/scm/ab/shop.git",
  AzureDevOps: "https://dev.azure.com/org/My%20Project/_git/shop",
  Generic: "https://git.example.com/team/shop.git",
};

/** Opens the API of a repository of this type at `api`. */
export function openHost(
  type: GitHostType,
  api: string,
  data: Readonly<Record<string, string>> = { token: "canary-token" },
  options: Partial<GitHostsOptions> = {},
): GitHost {
  const hosts = new GitHosts({ clock: systemClock, allowedHosts: new HostRules(undefined), ...options });
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  const secret = { where: "Secret shop/api", data: Object.fromEntries(encoded) as Record<string, string> };
  return hosts.open({ url: URLS[type], provider: { type, apiURL: api }, secret });
}

/** A signal that does not abort. */
export const forever = new AbortController().signal;

/** A commit status. */
export const STATUS: NewCommitStatus = {
  commit: "c0ffee",
  context: "overseer/shop/web",
  state: "Failure",
  description: `RenderFailed: ${"x".repeat(300)}`,
};

/** A change of three files. */
export const CHANGE = {
  ...{ branch: "overseer/web", base: "main", message: "Promote web", title: "Promote web", body: "From staging." },
  files: { "apps/new.yaml": "a: 1\n", "apps/web.yaml": "b: 2\n", "apps/old.yaml": null },
} as const;
