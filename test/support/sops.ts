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

/** The real `sops`. */
export class Sops {
  readonly #program: string;

  private constructor(program: string) {
    this.#program = program;
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
  ): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "sops-test-"));
    try {
      const file = join(folder, name);
      await writeFile(file, content);
      // Some settings have no flag.
      const config = JSON.stringify({
        creation_rules: [{ age: recipients.map(({ recipient }) => recipient).join(","), ...rule }],
      });
      await writeFile(join(folder, ".sops.yaml"), config);
      return await runCommand(this.#program, ["encrypt", ...flags, file], {
        cwd: folder,
        env: { HOME: folder, PATH: "" },
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}
