import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { GitRepo } from "../../tools/git-repository.js";
import { type ReservedPort, reservePort } from "../../tools/ports.js";
import { type GuardedFolder, makeGuardedFolder } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { runCommand } from "../../tools/run-command.js";
import { waitUntil } from "../../tools/wait-until.js";

/** Types of host keys and of client keys. */
export type SshKeyType = "ed25519" | "ecdsa" | "rsa";

/** A key pair that `ssh-keygen` made. */
export interface SshKeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

const SSHD = "/usr/sbin/sshd";

/** Returns whether the programs of OpenSSH are installed. */
export function hasSshServer(): boolean {
  return existsSync(SSHD) && spawnSync("ssh", ["-V"]).status === 0;
}

/** An OpenSSH server on loopback that runs Git and nothing else. */
export class SshServer {
  readonly port: number;
  readonly root: string;
  readonly #reserved: ReservedPort;
  readonly #folder: GuardedFolder;
  #process: LoggedProcess | undefined;
  #starts = 0;
  #keys = 0;

  private constructor(reserved: ReservedPort, folder: GuardedFolder) {
    this.port = reserved.port;
    this.#reserved = reserved;
    this.#folder = folder;
    this.root = join(folder.path, "repositories");
  }

  /** Starts a server with an ed25519 host key, which accepts no key yet. */
  static async start(): Promise<SshServer> {
    const server = new SshServer(await reservePort(), await makeGuardedFolder("overseer-sshd-"));
    // The server insists on this directory when it runs as root.
    if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true });
    await mkdir(server.root, { recursive: true });
    await server.authorize([]);
    await server.setHostKey("ed25519");
    return server;
  }

  /** Address of a repository. */
  url(name: string): string {
    return `ssh://${userInfo().username}@127.0.0.1:${this.port}${this.root}/${name}.git`;
  }

  async createRepository(name: string): Promise<GitRepo> {
    const path = join(this.root, `${name}.git`);
    await mkdir(dirname(path), { recursive: true });
    return GitRepo.create(this.url(name), path, "main");
  }

  /** Makes a key pair; the text is as `ssh-keygen` writes it. */
  async keyPair(type: SshKeyType, passphrase = "", ...options: readonly string[]): Promise<SshKeyPair> {
    const file = join(this.#folder.path, `key-${++this.#keys}`);
    await runCommand("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", "test", "-f", file, ...options]);
    return {
      privateKey: await readFile(file, "utf8"),
      publicKey: (await readFile(`${file}.pub`, "utf8")).trim(),
    };
  }

  /** From now on, exactly these keys are accepted. */
  async authorize(keys: readonly SshKeyPair[]): Promise<void> {
    const lines = keys.map(({ publicKey }) => `restrict ${publicKey}\n`);
    await writeFile(join(this.#folder.path, "authorized_keys"), lines.join(""), { mode: 0o600 });
  }

  /** Gives the server a new host key, and restarts it. With `ca`, the key is certified by a new authority. */
  async setHostKey(type: SshKeyType, options: { readonly ca?: boolean } = {}): Promise<void> {
    await this.#end();
    const at = (name: string): string => join(this.#folder.path, name);
    for (const name of ["host", "host.pub", "host-cert.pub", "ca", "ca.pub"]) await rm(at(name), { force: true });
    await runCommand("ssh-keygen", ["-q", "-t", type, "-N", "", "-f", at("host")]);
    if (options.ca === true) {
      await runCommand("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at("ca")]);
      const sign = ["-q", "-s", at("ca"), "-I", "test", "-h", "-n", "127.0.0.1", at("host.pub")];
      await runCommand("ssh-keygen", sign);
    }
    await this.#begin(options.ca === true);
  }

  /** Lines for `known_hosts`, as `ssh-keyscan` prints them; `hashed` hides the host. */
  async knownHosts(options: { readonly hashed?: boolean } = {}): Promise<string> {
    const hashed = options.hashed === true ? ["-H"] : [];
    return runCommand("ssh-keyscan", [...hashed, "-p", String(this.port), "127.0.0.1"]);
  }

  /** The line for `known_hosts` that trusts the authority of `setHostKey`. */
  async authorityLine(): Promise<string> {
    return `@cert-authority [127.0.0.1]:${this.port} ${await readFile(join(this.#folder.path, "ca.pub"), "utf8")}`;
  }

  /** SHA-256 fingerprint of the host key. */
  async fingerprint(): Promise<string> {
    return (await runCommand("ssh-keygen", ["-lf", join(this.#folder.path, "host.pub")])).split(" ")[1] ?? "";
  }

  /** Number of sessions of clients that have signed in since the start. */
  async sessions(): Promise<number> {
    return ((await this.log()).match(/Accepted publickey/g) ?? []).length;
  }

  /** Everything that the server has logged. */
  async log(): Promise<string> {
    const numbers = Array.from({ length: this.#starts }, (_, index) => this.#logFile(index + 1));
    return (await Promise.all(numbers.map((file) => readFile(file, "utf8").catch(() => "")))).join("");
  }

  async stop(): Promise<void> {
    await this.#end();
    await this.#folder.remove();
    await this.#reserved.release();
  }

  async #begin(hasCertificate: boolean): Promise<void> {
    const at = (name: string): string => join(this.#folder.path, name);
    const config = [
      `Port ${this.port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${at("host")}`,
      ...(hasCertificate ? [`HostCertificate ${at("host-cert.pub")}`] : []),
      `AuthorizedKeysFile ${at("authorized_keys")}`,
      "PidFile none",
      "StrictModes no",
      "UsePAM no",
      "PermitRootLogin prohibit-password",
      "PasswordAuthentication no",
      "KbdInteractiveAuthentication no",
      "AcceptEnv GIT_PROTOCOL",
      "LogLevel VERBOSE",
      "MaxStartups 100",
    ];
    await writeFile(at("sshd_config"), `${config.join("\n")}\n`);
    const options = { logFile: this.#logFile(++this.#starts), guard: this.#folder.guard };
    this.#process = await spawnLogged("sshd", SSHD, ["-D", "-e", "-f", at("sshd_config")], options);
    await waitUntil({ what: "sshd listens", timeoutMs: 60_000 }, () => listens(this.port));
  }

  #logFile(start: number): string {
    return join(this.#folder.path, `sshd-${start}.log`);
  }

  async #end(): Promise<void> {
    await this.#process?.stop(0);
    this.#process = undefined;
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.end(() => resolve(true)));
    socket.once("error", () => resolve(false));
  });
}
