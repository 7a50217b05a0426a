import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GitChanges, GitRepo } from "../../tools/git-repository.js";
import { runCommand } from "../../tools/run-command.js";

/** A key that signs commits and tags, with the settings of Git for it. */
export interface SigningKey {
  /** As users put it into the Secret. */
  readonly publicKey: string;
  /** As messages name it. */
  readonly fingerprint: string;
  /** Arguments of `git`. */
  readonly config: readonly string[];
}

/** Where a commit goes. */
export interface SignedCommitOptions {
  readonly branch?: string;
  /** All parents; the tip of the branch unless told. */
  readonly parents?: readonly string[];
}

/** Keys made by the real `ssh-keygen` and `gpg`, and what they sign with the real `git`. */
export class Signers {
  readonly #folder: string;
  #count = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<Signers> {
    return new Signers(await mkdtemp(join(tmpdir(), "sign-")));
  }

  /** Ends the agent that `gpg` has started, and removes all keys. */
  async remove(): Promise<void> {
    await runCommand("gpgconf", ["--homedir", this.#folder, "--kill", "all"]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  async ssh(comment: string, type = "ed25519"): Promise<SigningKey> {
    const file = join(this.#folder, `ssh-${++this.#count}`);
    await runCommand("ssh-keygen", ["-q", "-t", type, "-N", "", "-C", comment, "-f", file]);
    const [, fingerprint = ""] = (await runCommand("ssh-keygen", ["-l", "-f", file])).split(" ");
    return {
      publicKey: (await readFile(`${file}.pub`, "utf8")).trim(),
      fingerprint,
      config: ["-c", "gpg.format=ssh", "-c", `user.signingkey=${file}`],
    };
  }

  /** Makes an OpenPGP key; `options` are for each run of `gpg`, `expires` is a date. */
  async openpgp(user: string, { algorithm = "ed25519", expires = "never", options = [] as readonly string[] } = {}) {
    await this.gpg([...options, "--quick-generate-key", user, algorithm, "sign", expires]);
    const listed = await this.gpg(["--with-colons", "--list-keys", user]);
    const fingerprint = /^fpr:+([0-9A-F]+):/m.exec(listed)?.[1] ?? "";
    const program = join(this.#folder, `gpg-${++this.#count}`);
    const words = ["gpg", "--homedir", this.#folder, "--batch", "--quiet", ...options];
    await writeFile(program, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
    await chmod(program, 0o700);
    return {
      publicKey: await this.gpg(["--armor", "--export", fingerprint]),
      fingerprint,
      config: ["-c", `gpg.program=${program}`, "-c", `user.signingkey=${fingerprint}`],
    };
  }

  /** Revokes an OpenPGP key; returns the public key with the revocation. */
  async revoke(fingerprint: string): Promise<string> {
    const folder = join(this.#folder, "openpgp-revocs.d");
    const [name = ""] = (await readdir(folder)).filter((file) => file.startsWith(fingerprint));
    const text = await readFile(join(folder, name), "utf8");
    await writeFile(join(this.#folder, "revocation"), text.replace(/^:---/m, "---"));
    await this.gpg(["--import", join(this.#folder, "revocation")]);
    return this.gpg(["--armor", "--export", fingerprint]);
  }

  gpg(args: readonly string[]): Promise<string> {
    return runCommand("gpg", ["--homedir", this.#folder, "--batch", "--quiet", "--passphrase", "", ...args]);
  }

  /** Commits signed by `key` to a branch of `repo`, which never points to anything else in between. */
  async commit(repo: GitRepo, key: SigningKey, files: GitChanges, message: string, options: SignedCommitOptions = {}) {
    const branch = options.branch ?? repo.defaultBranch;
    const tip = await repo.git("rev-parse", "--verify", "--quiet", `refs/heads/${branch}`).catch(() => undefined);
    const parents = options.parents ?? (tip === undefined ? [] : [tip]);
    const draft = await repo.commit(files, message, { branch: "draft", parent: parents[0] ?? null });
    const tree = await repo.git("rev-parse", `${draft}^{tree}`);
    const flags = parents.flatMap((parent) => ["-p", parent]);
    const commit = await repo.git(...key.config, "commit-tree", "-S", ...flags, "-m", message, tree);
    await repo.deleteBranch("draft");
    await repo.setBranch(branch, commit);
    return commit;
  }

  /** Makes or moves a signed tag; returns the id of the tag object. */
  async tag(repo: GitRepo, key: SigningKey, name: string, at: string): Promise<string> {
    await repo.git(...key.config, "tag", "-f", "-s", "-m", name, name, at);
    return repo.git("rev-parse", `refs/tags/${name}`);
  }
}

/** Stores a commit with exactly this content, which Git itself would not write. */
export async function writeObject(
  repo: GitRepo,
  type: "commit" | "tag",
  content: string | Uint8Array,
): Promise<string> {
  const args = ["--git-dir", repo.path, "hash-object", "-t", type, "-w", "--stdin", "--literally"];
  return (await runCommand("git", args, { input: Buffer.from(content) })).trim();
}
