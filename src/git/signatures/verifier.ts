import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../base/errors.js";
import { ChildError } from "../../child/child-error.js";
import type { ConfinedPrograms, ProgramOutcome } from "../../child/confined-programs.js";
import { findProgram } from "../../child/confinement.js";
import { GitError } from "../errors.js";
import { judgeGpgv } from "./gpgv-status.js";
import { type DetachedSignature, shownText } from "./signed-object.js";
import { readSshSignature } from "./ssh-signature.js";
import { REVOKED_KEYS, signersOf, type TrustedKeys } from "./trusted-keys.js";

/** Who made an accepted signature. */
export interface Signer {
  /** Principal or user ID. */
  readonly name: string;
  /** Type and fingerprint of the key. */
  readonly key: string;
}

/** Verifies signatures with one set of keys. `what` names the object in messages, for example `commit 6f3c… by Ada <ada@…>`. */
export type Verify = (signature: DetachedSignature | undefined, what: string) => Promise<Signer>;

/** Options of a verifier. */
export interface SignatureVerifierOptions {
  readonly programs: ConfinedPrograms;
  /** Search path of `ssh-keygen` and `gpgv`. */
  readonly path: string;
}

/**
 * Verifies SSH signatures by `ssh-keygen -Y verify` and OpenPGP signatures by `gpgv`, as children without a network. Keys are
 * judged at the time of the verification: the time in the object is chosen by its author.
 */
export class SignatureVerifier {
  readonly #options: SignatureVerifierOptions;

  constructor(options: SignatureVerifierOptions) {
    this.#options = options;
  }

  /**
   * Runs `work` with the keys in files, which are removed afterwards. The function that it gets throws `GIT_UNSIGNED`,
   * `GIT_SIGNATURE_INVALID`, `GIT_KEY_UNTRUSTED` or `GIT_VERIFIER_UNAVAILABLE`.
   */
  async use<T>(keys: TrustedKeys, signal: AbortSignal, work: (verify: Verify) => Promise<T>): Promise<T> {
    const directory = await mkdtemp(join(tmpdir(), "overseer-verify-")).catch((error: unknown) => {
      throw unavailable(
        `cannot write keys to a temporary file (${messageOf(error)}): check the directory for temporary files`,
      );
    });
    try {
      await writeFile(join(directory, "allowed_signers"), keys.allowedSigners);
      await writeFile(join(directory, "keyring.gpg"), keys.openpgp);
      if (keys.revoked) await writeFile(join(directory, REVOKED_KEYS), keys.revoked);
      const batch = new Batch(this.#options, keys, directory, signal);
      return await work((signature, what) => batch.verify(signature, what));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }
}

/** Verifications with one set of keys. */
class Batch {
  readonly #options: SignatureVerifierOptions;
  readonly #keys: TrustedKeys;
  readonly #directory: string;
  readonly #signal: AbortSignal;
  #count = 0;

  constructor(options: SignatureVerifierOptions, keys: TrustedKeys, directory: string, signal: AbortSignal) {
    this.#options = options;
    this.#keys = keys;
    this.#directory = directory;
    this.#signal = signal;
  }

  async verify(signature: DetachedSignature | undefined, what: string): Promise<Signer> {
    if (signature === undefined) {
      throw new GitError("GIT_UNSIGNED", `${what} is not signed: sign it (git commit -S, git tag -s) and push again`);
    }
    if (signature.format === "x509")
      throw invalid(`${what} is signed with an X.509 certificate, which is not supported: use an SSH or OpenPGP key`);
    const file = join(this.#directory, `signature-${this.#count++}`);
    await writeFile(file, signature.text);
    try {
      return await (signature.format === "ssh"
        ? this.#ssh(signature, file, what)
        : this.#openpgp(signature, file, what));
    } finally {
      await rm(file, { force: true });
    }
  }

  async #ssh(signature: DetachedSignature, file: string, what: string): Promise<Signer> {
    const info = readSshSignature(signature.text);
    if (info === undefined) throw invalid(`${what} has a damaged SSH signature: sign it again`);
    const { key, blob, namespace } = info;
    if (namespace !== "git")
      throw invalid(
        `${what} has a signature by the key ${key} for the namespace ${JSON.stringify(shownText(namespace))} instead of git: sign it with git`,
      );
    if (this.#keys.allowedSigners === "") throw this.#untrusted(what, key);
    const allowed = ["-f", join(this.#directory, "allowed_signers"), "-s", file];
    const found = await this.#run("ssh-keygen", ["-Y", "find-principals", ...allowed]);
    const revoked = this.#keys.revoked === undefined ? [] : ["-r", join(this.#directory, REVOKED_KEYS)];
    for (const principal of principalsIn(found.output)) {
      const args = ["-Y", "verify", "-I", principal, "-n", "git", ...allowed];
      const { code, stderr } = await this.#run("ssh-keygen", [...args, ...revoked], signature.payload);
      if (code === 0) return { name: shownText(principal), key };
      // The program does not say that a key is revoked.
      const isRevoked = revoked.length > 0 && (await this.#run("ssh-keygen", args, signature.payload)).code === 0;
      if (isRevoked)
        throw untrusted(`${what} is signed by the key ${key}, which ${REVOKED_KEYS} of ${this.#keys.where} revokes`);
      if (/incorrect signature|signature verification failed/i.test(stderr))
        throw invalid(
          `${what} is signed by the key ${key}, but the signature does not match its content: sign it again`,
        );
    }
    throw this.#untrusted(what, key, signersOf(this.#keys, blob).length > 0);
  }

  async #openpgp(signature: DetachedSignature, file: string, what: string): Promise<Signer> {
    const keyring = join(this.#directory, "keyring.gpg");
    const args = ["--status-fd", "1", "--homedir", this.#directory, "--keyring", keyring, file, "-"];
    const { output, code } = await this.#run("gpgv", args, signature.payload);
    const verdict = judgeGpgv(output, code);
    if (verdict.ok) return { name: shownText(verdict.signer), key: verdict.key };
    const { key, kind, why } = verdict;
    if (kind === "untrusted" && why === "") throw this.#untrusted(what, key);
    const message = `${what} is signed by the key ${key}, ${why}`;
    if (kind === "untrusted") throw untrusted(`${message}: update it in ${this.#keys.where}, or sign with another key`);
    throw invalid(`${message}: sign it again`);
  }

  #untrusted(what: string, key: string, isListed = false): GitError {
    const { where } = this.#keys;
    if (isListed)
      return untrusted(
        `${what} is signed by the key ${key}, which ${where} does not allow now for Git: check valid-after, valid-before and namespaces in its line`,
      );
    return untrusted(
      `${what} is signed by the key ${key}, which is not in ${where}: add the key if you trust it, or push a commit that is signed by a trusted key`,
    );
  }

  async #run(name: "ssh-keygen" | "gpgv", args: readonly string[], input?: Buffer): Promise<ProgramOutcome> {
    const { path, programs } = this.#options;
    const program = await findProgram(name, path.split(":"));
    if (program === undefined) {
      const source = name === "gpgv" ? "gpgv, for OpenPGP signatures" : "openssh-client, for SSH signatures";
      throw unavailable(`there is no ${name} in ${path}: install ${source}`);
    }
    const env = { PATH: path, HOME: this.#directory, LC_ALL: "C" };
    try {
      return await programs.run({
        program,
        args,
        env,
        signal: this.#signal,
        ...(input === undefined ? {} : { input }),
      });
    } catch (error) {
      if (!(error instanceof ChildError)) throw error;
      throw unavailable(`${name} ${error.message}: check the limits on processes and memory`, error);
    }
  }
}

/** `ssh-keygen` prints one line per match, with a list of patterns; negated ones identify no signer. */
function principalsIn(output: string): string[] {
  return output
    .split("\n")
    .flatMap((line) => line.split(","))
    .map((principal) => principal.trim())
    .filter((principal) => principal !== "" && !principal.startsWith("!"));
}

function unavailable(message: string, cause?: unknown): GitError {
  return new GitError("GIT_VERIFIER_UNAVAILABLE", message, { cause: cause as Error | undefined });
}

function untrusted(message: string): GitError {
  return new GitError("GIT_KEY_UNTRUSTED", message);
}

function invalid(message: string): GitError {
  return new GitError("GIT_SIGNATURE_INVALID", message);
}
