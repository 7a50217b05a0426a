import type { ChildProcess } from "node:child_process";
import type { Clock } from "../../../base/clock.js";
import { withDeadline } from "../../../base/deadline.js";
import type { Confinement } from "../../../child/confinement.js";
import { killGroup, spawnChild } from "../../../child/run-child.js";
import type { GitRemote } from "../../engine.js";
import { GitError } from "../../errors.js";
import { tooSlow } from "../../http/failures.js";
import type { GitLimits } from "../../limits.js";
import { FLUSH } from "../../protocol/pkt-line.js";
import { FetchSlots } from "../../stores/fetch-slots.js";
import { sshEnded } from "./failure.js";
import type { SshProgram } from "./program.js";

/** Concurrent conversations, in total and per server: each is a process, and servers limit connections that are being set up. */
const CONCURRENT = 8;
const PER_SERVER = 4;

/** Characters of stderr that are kept. */
const KEPT_STDERR = 32_768;

/** Options of conversations. */
export interface SshConversationOptions {
  readonly ssh: SshProgram;
  readonly clock: Clock;
  readonly limits: GitLimits;
  readonly confinement: Confinement;
  readonly memoryBytes: number;
}

/** One conversation with `git-upload-pack`. */
export interface SshTopic<T> {
  /** Completes the message of `GIT_TIMEOUT`, for example "listing its refs". */
  readonly what: string;
  readonly maxBytes: number;
  /** Remedy in the message about a response that is too large. */
  readonly remedy: string;
  /** Starts a dialog; `send` writes to the server. */
  start(send: (text: string) => void): { take(chunk: Buffer): T | undefined };
}

/** Talks with `git-upload-pack` of a server: one `ssh` process per conversation. */
export class SshConversations {
  readonly #options: SshConversationOptions;
  readonly #slots: FetchSlots;

  constructor(options: SshConversationOptions) {
    this.#options = options;
    const limits = { ...options.limits, concurrentFetches: CONCURRENT, fetchesPerServer: PER_SERVER };
    this.#slots = new FetchSlots(options.clock, limits);
  }

  /** Returns the result of a dialog. Throws the matching error if the connection ends before. */
  run<T>(remote: GitRemote, topic: SshTopic<T>, signal: AbortSignal): Promise<T> {
    const { clock, limits } = this.#options;
    const ms = limits.pollTimeoutMs;
    const expired = (): Error => tooSlow(remote, topic.what, ms);
    return this.#slots.run({ remote, signal, ms }, () =>
      withDeadline({ clock, signal, ms, expired }, (within) => this.#run(remote, topic, within)),
    );
  }

  async #run<T>(remote: GitRemote, topic: SshTopic<T>, signal: AbortSignal): Promise<T> {
    const { ssh, confinement, memoryBytes } = this.#options;
    return ssh.use(remote, async (connection) => {
      signal.throwIfAborted();
      const child = spawnChild({ ...connection.uploadPack(), confinement, memoryBytes }, ["pipe", "pipe", "pipe"]);
      const stop = (): void => killGroup(child);
      signal.addEventListener("abort", stop, { once: true });
      try {
        return await converse(child, remote, topic);
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      } finally {
        signal.removeEventListener("abort", stop);
        stop();
      }
    });
  }
}

async function converse<T>(child: ChildProcess, remote: GitRemote, topic: SshTopic<T>): Promise<T> {
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-KEPT_STDERR);
  });
  // The server may end before it has read everything; its exit code tells the reason.
  child.stdin?.on("error", () => {});
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? undefined));
  });
  ended.catch(() => {});
  const dialog = topic.start((text) => child.stdin?.write(text));
  let bytes = 0;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > topic.maxBytes) throw tooLarge(remote, topic);
    const result = dialog.take(chunk);
    if (result === undefined) continue;
    child.stdin?.end(FLUSH);
    return result;
  }
  throw sshEnded(remote, stderr, await ended);
}

function tooLarge<T>({ url }: GitRemote, { maxBytes, remedy }: SshTopic<T>): GitError {
  const mib = Math.round(maxBytes / 2 ** 20);
  return new GitError("GIT_TOO_LARGE", `the response of ${url} exceeds the limit of ${mib} MiB: ${remedy}`);
}
