import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";
import { ensureSops } from "../../tools/binaries.js";
import { runCommand } from "../../tools/run-command.js";

/** A private key of age, and the recipient for whom files are encrypted. */
export interface AgeKey {
  readonly identity: string;
  readonly recipient: string;
}

/** Makes a key of age. */
export async function ageKey(postQuantum = false): Promise<AgeKey> {
  const identity = await (postQuantum ? generateHybridIdentity() : generateX25519Identity());
  return { identity, recipient: await identityToRecipient(identity) };
}

/** A key file as age-keygen writes it. */
export function keyFile(...keys: readonly AgeKey[]): string {
  return keys.map(({ identity, recipient }) => `# public key: ${recipient}\n${identity}\n`).join("");
}

/** A key of OpenPGP. */
export interface PgpKey {
  readonly fingerprint: string;
  /** Armored, without a passphrase. */
  readonly privateKey: string;
}

/** Keys made by the real `gpg`, in a folder of their own. */
export class PgpKeys {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<PgpKeys> {
    return new PgpKeys(await mkdtemp(join(tmpdir(), "pgp-")));
  }

  /** Makes a key that data is encrypted for. */
  async make(user: string, algorithm = "rsa2048", passphrase = ""): Promise<PgpKey> {
    const quiet = ["--homedir", this.folder, "--batch", "--quiet", "--pinentry-mode", "loopback"];
    const gpg = (...args: string[]) => runCommand("gpg", [...quiet, "--passphrase", passphrase, ...args]);
    await gpg("--quick-generate-key", user, algorithm === "rsa2048" ? algorithm : "ed25519", "sign", "never");
    const listed = await gpg("--with-colons", "--list-keys", user);
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1] ?? "";
    await gpg("--quick-add-key", fingerprint, algorithm, "encr", "never");
    return { fingerprint, privateKey: await gpg("--armor", "--export-secret-keys", fingerprint) };
  }

  /** Ends the agent that `gpg` has started, and removes the keys. */
  async remove(): Promise<void> {
    await runCommand("gpgconf", ["--homedir", this.folder, "--kill", "all"]);
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The real `sops`. */
export class Sops {
  readonly program: string;

  private constructor(program: string) {
    this.program = program;
  }

  static async find(): Promise<Sops> {
    return new Sops(await ensureSops());
  }

  /** Encrypts a file of this name; `rule` is added to the creation rule of the configuration. */
  async encrypt(
    name: string,
    content: string | Uint8Array,
    recipients: readonly AgeKey[],
    flags: readonly string[] = [],
    rule: Readonly<Record<string, unknown>> = {},
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "sops-test-"));
    try {
      const file = join(folder, name);
      await writeFile(file, content);
      const list = recipients.map(({ recipient }) => recipient).join(",");
      // Some settings have no flag.
      const config = JSON.stringify({
        creation_rules: [{ ...(recipients.length > 0 ? { age: list } : {}), ...rule }],
      });
      await writeFile(join(folder, ".sops.yaml"), config);
      return await runCommand(this.program, ["encrypt", ...flags, file], {
        cwd: folder,
        env: { HOME: folder, PATH: "", ...env },
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}
