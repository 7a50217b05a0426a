import type { ChildProcess } from "node:child_process";
import type { Clock } from "../../../base/clock.js";
import type { Confinement } from "../../../child/confinement.js";
import { killGroup, spawnChild } from "../../../child/run-child.js";
import { withDeadline } from "../../deadline.js";
import type { GitRemote, RemoteRefs } from "../../engine.js";
import { GitError } from "../../errors.js";
import { tooSlow } from "../../http/failures.js";
import type { GitLimits } from "../../limits.js";
import { AdvertisementReader, LsRefsReader } from "../../protocol/advertisement.js";
import { isWide, lsRefsRequest } from "../../protocol/ls-refs-request.js";
import { FLUSH, PktLineParser } from "../../protocol/pkt-line.js";
import { RefFilter } from "../../refs/ref-filter.js";
import { FetchSlots } from "../../stores/fetch-slots.js";
import { sshEnded } from "./failure.js";
import type { SshProgram } from "./program.js";

/** Concurrent polls, in total and per server: each is a process, and servers limit connections that are being set up. */
const CONCURRENT_POLLS = 8;
const POLLS_PER_SERVER = 4;

/** Characters of stderr that are kept. */
const KEPT_STDERR = 32_768;

/** Options of a lister. */
export interface SshRefsOptions {
  readonly ssh: SshProgram;
  readonly clock: Clock;
  readonly limits: GitLimits;
  readonly confinement: Confinement;
  readonly memoryBytes: number;
}

/** Lists refs over SSH: one connection per poll, on which `git-upload-pack` of the server is asked by protocol v2, or v0. */
export class SshRefs {
  readonly #options: SshRefsOptions;
  readonly #slots: FetchSlots;

  constructor(options: SshRefsOptions) {
    this.#options = options;
    const limits = { ...options.limits, concurrentFetches: CONCURRENT_POLLS, fetchesPerServer: POLLS_PER_SERVER };
    this.#slots = new FetchSlots(options.clock, limits);
  }

  /** Lists the refs that match one of `prefixes`, with annotated tags peeled; includes HEAD if a prefix matches it. */
  list(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs> {
    const { clock, limits } = this.#options;
    const ms = limits.pollTimeoutMs;
    const expired = (): Error => tooSlow(remote, "listing its refs", ms);
    return this.#slots.run(remote, signal, ms, () =>
      withDeadline({ clock, signal, ms, expired }, (within) => this.#list(remote, prefixes, within)),
    );
  }

  async #list(remote: GitRemote, prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRefs> {
    const { ssh, confinement, memoryBytes } = this.#options;
    return ssh.use(remote, async (connection) => {
      signal.throwIfAborted();
      const child = spawnChild({ ...connection.uploadPack(), confinement, memoryBytes }, ["pipe", "pipe", "pipe"]);
      const stop = (): void => killGroup(child);
      signal.addEventListener("abort", stop, { once: true });
      try {
        return await this.#converse(child, remote, prefixes);
      } catch (error) {
        throw signal.aborted ? signal.reason : error;
      } finally {
        signal.removeEventListener("abort", stop);
        stop();
      }
    });
  }

  async #converse(child: ChildProcess, remote: GitRemote, prefixes: readonly string[]): Promise<RemoteRefs> {
    const { maxRefBytes, maxNamedRefBytes } = this.#options.limits;
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
    const dialog = new Dialog(remote, prefixes, this.#options.limits, (text) => child.stdin?.write(text));
    const maxBytes = isWide(prefixes) ? maxRefBytes : Math.max(maxNamedRefBytes, maxRefBytes);
    let bytes = 0;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(remote, maxBytes);
      const refs = dialog.take(chunk);
      if (refs === undefined) continue;
      child.stdin?.end(FLUSH);
      return refs;
    }
    throw sshEnded(remote, stderr, await ended);
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

function tooLarge({ url }: GitRemote, maxBytes: number): GitError {
  const mib = Math.round(maxBytes / 2 ** 20);
  return new GitError(
    "GIT_TOO_LARGE",
    `the response of ${url} exceeds the limit of ${mib} MiB: delete unused branches and tags, or upgrade the server`,
  );
}
