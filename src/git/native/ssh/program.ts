import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import { findProgram } from "../../../child/confinement.js";
import type { GitRemote } from "../../engine.js";
import { GitError } from "../../errors.js";
import { transportError } from "../../http/failures.js";
import type { GitLimits } from "../../limits.js";
import { ProxyForwarder } from "./forwarder.js";
import { removeStaleSessions, SshSession } from "./session.js";

/** Options of `SshProgram`. */
export interface SshProgramOptions {
  /** Search path of `ssh`. */
  readonly path: string;
  readonly clock: Clock;
  readonly limits: GitLimits;
  /** Parent of the directories with keys. Defaults to that of temporary files. */
  readonly directory?: string;
}

/** How Git runs `ssh`: a command for `GIT_SSH_COMMAND`, and variables of its environment. */
export interface SshForGit {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** An `ssh` process to start. */
export interface SshCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Ways to use one set of files. */
export interface SshConnection {
  /** Returns the command that runs `git-upload-pack` on the server. */
  uploadPack(): SshCommand;
  readonly forGit: SshForGit;
}

/** The OpenSSH client, configured for one connection at a time. */
export class SshProgram {
  readonly #options: SshProgramOptions;
  #hasTidied = false;

  constructor(options: SshProgramOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` with the key of `remote` in files, which are removed afterwards. Throws `GIT_TRANSPORT_UNSUPPORTED` without
   * OpenSSH, `GIT_STORE_UNWRITABLE` if the files cannot be written, and the errors of `work`.
   */
  async use<T>(remote: GitRemote, work: (connection: SshConnection) => Promise<T>): Promise<T> {
    const { ssh: address, credential } = remote;
    if (address === undefined || credential?.ssh === undefined) throw new Error("the remote is not read over SSH");
    const { path, clock, limits, directory } = this.#options;
    const program = await findProgram("ssh", path.split(":"));
    if (program === undefined) throw notInstalled(path);
    if (!this.#hasTidied) {
      this.#hasTidied = true;
      await removeStaleSessions(clock.now(), limits.fetchTimeoutMs + limits.pollTimeoutMs, directory);
    }
    const { proxy } = remote;
    const forwarder =
      proxy === undefined ? undefined : await ProxyForwarder.open(proxy, address, limits.connectTimeoutMs);
    const options = {
      ...{ address, credential: credential.ssh, limits, forwardedPort: forwarder?.port },
      ...(directory === undefined ? {} : { directory }),
    };
    const session = await SshSession.open(options).catch((error: unknown) => {
      forwarder?.close();
      throw unwritable(error);
    });
    // Git appends the port of the URL, and ssh takes the first one.
    const port = forwarder === undefined ? "" : ` -p ${forwarder.port}`;
    const remoteCommand = `git-upload-pack ${quoted(address.path)}`;
    try {
      return await work({
        forGit: { command: `${quoted(program)} -F ${quoted(session.config)}${port}`, environment: session.environment },
        uploadPack: () => ({
          program,
          args: ["-F", session.config, "--", address.host, remoteCommand],
          env: { PATH: path, LC_ALL: "C", GIT_PROTOCOL: "version=2", ...session.environment },
        }),
      });
    } catch (error) {
      // To ssh, a proxy that refuses is a server that closes the connection.
      throw forwarder?.failure === undefined ? error : transportError(remote, forwarder.failure, proxy);
    } finally {
      forwarder?.close();
      await session.close();
    }
  }
}

/** Quotes a word for a POSIX shell, like Git. */
function quoted(word: string): string {
  return `'${word.replace(/['!]/g, "'\\$&'")}'`;
}

function notInstalled(path: string): GitError {
  return new GitError(
    "GIT_TRANSPORT_UNSUPPORTED",
    `SSH requires the OpenSSH client, and there is no ssh in ${path}: install openssh-client, or use an https:// URL`,
  );
}

function unwritable(error: unknown): GitError {
  return new GitError(
    "GIT_STORE_UNWRITABLE",
    `cannot write the SSH key to a temporary file (${messageOf(error)}): check the directory for temporary files`,
    { cause: error },
  );
}
