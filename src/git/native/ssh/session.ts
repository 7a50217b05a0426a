import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SshCredential } from "../../engine.js";
import type { GitLimits } from "../../limits.js";
import { SSH_PORT, type SshAddress } from "../../ssh/address.js";

/** Name prefix of the directories with keys. */
const PREFIX = "overseer-gitops-ssh-";

/** Prints the passphrase, which is never written to a file. */
const ASKPASS = `#!/bin/sh\nprintf '%s\\n' "$SSH_PASSPHRASE"\n`;

/** Seconds between keep-alive messages; after four without a response, the connection is closed. */
const ALIVE_SECONDS = 15;

/** Configuration of one `ssh` process. */
export interface SshSessionOptions {
  readonly address: SshAddress;
  readonly credential: SshCredential;
  readonly limits: Pick<GitLimits, "connectTimeoutMs">;
  /** Port on loopback that leads to the server through a proxy. */
  readonly forwardedPort?: number | undefined;
  /** Parent directory. Defaults to that of temporary files. */
  readonly directory?: string;
}

/**
 * Files and environment of one `ssh` process: key, known hosts and configuration in a private directory that `close` removes. The
 * configuration replaces that of the user and of the system: no agent, no forwarding, no other key, no unknown host.
 */
export class SshSession {
  /** Path of the configuration file. */
  readonly config: string;
  /** Variables for the environment of `ssh`; confidential. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #directory: string;

  private constructor(directory: string, environment: Readonly<Record<string, string>>) {
    this.#directory = directory;
    this.config = join(directory, "config");
    this.environment = environment;
  }

  /** Writes the files. Throws file system errors. */
  static async open(options: SshSessionOptions): Promise<SshSession> {
    const { address, credential, limits, forwardedPort, directory = tmpdir() } = options;
    const { passphrase, privateKey, knownHosts } = credential;
    const own = await mkdtemp(join(directory, PREFIX));
    try {
      const askpass = join(own, "askpass");
      if (passphrase !== undefined) await writeFile(askpass, ASKPASS, { mode: 0o700 });
      await writeFile(join(own, "identity"), privateKey, { mode: 0o600 });
      await writeFile(join(own, "known_hosts"), knownHosts, { mode: 0o600 });
      const settings = {
        ...configuration(own, address, passphrase !== undefined, limits.connectTimeoutMs),
        ...(forwardedPort === undefined ? {} : forwarded(address, forwardedPort)),
      };
      const config = Object.entries(settings)
        .map(([name, value]) => `${name} ${value}\n`)
        .join("");
      await writeFile(join(own, "config"), config, { mode: 0o600 });
      const asking = { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: "force", SSH_PASSPHRASE: passphrase ?? "" };
      return new SshSession(own, passphrase === undefined ? {} : asking);
    } catch (error) {
      await rm(own, { recursive: true, force: true });
      throw error;
    }
  }

  /** Removes the files. Never throws. */
  async close(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
}

/** Removes directories of processes that were killed, older than `maxAgeMs`. Never throws. */
export async function removeStaleSessions(now: number, maxAgeMs: number, directory = tmpdir()): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const found = name.startsWith(PREFIX) ? await stat(path).catch(() => undefined) : undefined;
    if (found !== undefined && found.uid === process.getuid?.() && now - found.mtimeMs > maxAgeMs)
      await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}

/** Connects to a port on loopback, and expects the host key of the server behind it. */
function forwarded({ host, port }: SshAddress, forwardedPort: number): Readonly<Record<string, string>> {
  // As ssh writes a server in known_hosts.
  const name = port === SSH_PORT ? host : `[${host}]:${port}`;
  return { HostName: "127.0.0.1", Port: String(forwardedPort), HostKeyAlias: name };
}

function configuration(
  directory: string,
  address: SshAddress,
  isEncrypted: boolean,
  connectMs: number,
): Readonly<Record<string, string>> {
  const path = (name: string): string => `"${join(directory, name).replaceAll("%", "%%")}"`;
  return {
    User: address.user,
    Port: String(address.port),
    IdentityFile: path("identity"),
    IdentitiesOnly: "yes",
    IdentityAgent: "none",
    AddKeysToAgent: "no",
    UserKnownHostsFile: path("known_hosts"),
    GlobalKnownHostsFile: "/dev/null",
    StrictHostKeyChecking: "yes",
    CheckHostIP: "no",
    UpdateHostKeys: "no",
    VerifyHostKeyDNS: "no",
    CanonicalizeHostname: "no",
    PreferredAuthentications: "publickey",
    PasswordAuthentication: "no",
    KbdInteractiveAuthentication: "no",
    // In batch mode, ssh does not ask for a passphrase. The other methods that ask are disabled.
    BatchMode: isEncrypted ? "no" : "yes",
    NumberOfPasswordPrompts: "1",
    ConnectTimeout: String(Math.max(1, Math.round(connectMs / 1000))),
    ConnectionAttempts: "1",
    ServerAliveInterval: String(ALIVE_SECONDS),
    ServerAliveCountMax: "4",
    ControlMaster: "no",
    ControlPath: "none",
    ClearAllForwardings: "yes",
    ForwardAgent: "no",
    ForwardX11: "no",
    PermitLocalCommand: "no",
    RequestTTY: "no",
    SendEnv: "GIT_PROTOCOL",
    // Names the server's host key and the offered key, which messages quote.
    LogLevel: "DEBUG1",
  };
}
