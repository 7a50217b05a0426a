import type { Clock } from "../../base/clock.js";
import type { GitRemote, RemoteRefs } from "../engine.js";
import type { InstallationTokens } from "../github/installation-tokens.js";
import { type GitHistory, historyOf } from "../history/history.js";
import { HttpPacks } from "../history/http-packs.js";
import { type HistoryRequest, historyRequest, type PackRequest } from "../history/request.js";
import { GitHttpClient } from "../http/client.js";
import type { Connections } from "../http/connections.js";
import type { GitLimits } from "../limits.js";
import { type IndexedPack, indexPack } from "../pack/index-pack.js";
import { LsRefs } from "../protocol/ls-refs.js";
import { type SshConversationOptions, SshConversations } from "./ssh/conversation.js";
import { SshRefs } from "./ssh/list-refs.js";
import { SshPacks } from "./ssh/ssh-packs.js";

/** Options of a reader. */
export interface RemoteReaderOptions extends SshConversationOptions {
  readonly connections: Connections;
  readonly tokens: InstallationTokens;
  readonly clock: Clock;
  readonly limits: GitLimits;
}

/** Reads refs, commits and tags of remotes: over HTTP by this process, over SSH by `ssh`. */
export class RemoteReader {
  readonly #lsRefs: LsRefs;
  readonly #sshRefs: SshRefs;
  readonly #http: HttpPacks;
  readonly #ssh: SshPacks;
  readonly #limits: GitLimits;

  constructor(options: RemoteReaderOptions) {
    const { connections, clock, limits, tokens } = options;
    const client = new GitHttpClient(connections, clock, tokens);
    const conversations = new SshConversations(options);
    this.#lsRefs = new LsRefs(client, clock, limits);
    this.#sshRefs = new SshRefs(conversations, limits);
    this.#http = new HttpPacks(client, limits);
    this.#ssh = new SshPacks(conversations);
    this.#limits = limits;
  }

  /** See `GitEngine.listRefs`. */
  list(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs> {
    const transport = remote.ssh === undefined ? this.#lsRefs : this.#sshRefs;
    return transport.list(remote, prefixes, signal);
  }

  /** See `GitEngine.history`. */
  async history(remote: GitRemote, request: HistoryRequest, signal: AbortSignal): Promise<GitHistory> {
    return historyOf(await this.#pack(remote, historyRequest(request), signal), this.#limits, signal);
  }

  /** Receives objects and verifies them. Throws `GIT_HISTORY_UNSUPPORTED` and the errors of a fetch. */
  async pack(remote: GitRemote, request: PackRequest, signal: AbortSignal): Promise<IndexedPack> {
    return indexPack(await this.#pack(remote, request, signal), this.#limits, signal);
  }

  #pack(remote: GitRemote, request: PackRequest, signal: AbortSignal): Promise<Buffer> {
    if (remote.ssh !== undefined) return this.#ssh.read(remote, request, signal);
    return this.#http.read(remote, this.base(remote), request, signal);
  }

  /** Returns the last known address of a repository: redirects of the server are followed. */
  base(remote: GitRemote): string {
    return this.#lsRefs.base(remote);
  }
}
