import { ManifestError } from "../manifest/manifest-error.js";
import type { KeyTexts } from "./sops/age-keys.js";
import { type DecryptedFile, decryptFile } from "./sops/decrypt-file.js";
import { FileKeys } from "./sops/file-keys.js";
import type { SopsProgram } from "./sops/sops-program.js";

/** Content of a file of a commit. */
export interface FileContent {
  readonly bytes: Uint8Array;
  /** Whether the file was encrypted: its content must be kept nowhere. */
  readonly secret: boolean;
}

/** Beside the keys. */
export interface FileDecryptorOptions {
  /** Uses keys of PGP and of clouds. Without it, only those of age are used. */
  readonly sops?: SopsProgram | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Reads the files of one render, and decrypts those that are encrypted. Keeps what it decrypted until the render ends, so that messages
 * can be freed of it.
 */
export class FileDecryptor {
  readonly #keyTexts: KeyTexts | undefined;
  readonly #files = new Set<string>();
  readonly #secrets = new Set<string>();
  /** First file of each fault. */
  readonly #faults = new Map<string, string>();
  readonly #options: FileDecryptorOptions;
  #keys: Promise<FileKeys | string> | undefined;

  /** Without keys, files stay as they are. */
  constructor(keys: KeyTexts | undefined, options: FileDecryptorOptions = {}) {
    this.#keyTexts = keys;
    this.#options = options;
  }

  /** Whether files are decrypted. */
  get isActive(): boolean {
    return this.#keyTexts !== undefined;
  }

  /** Files that were encrypted, by path. */
  get files(): ReadonlySet<string> {
    return this.#files;
  }

  /** Values that were encrypted. */
  get secrets(): readonly string[] {
    return [...this.#secrets];
  }

  /** Takes over the values of an earlier render, whose result is used again. */
  recall(secrets: readonly string[]): void {
    for (const secret of secrets) this.#secrets.add(secret);
  }

  /**
   * Returns the content of a file: decrypted, or as it is if it is not encrypted.
   *
   * @throws ManifestError that says why an encrypted file cannot be decrypted.
   */
  async read(bytes: Uint8Array, file: string): Promise<FileContent> {
    const texts = this.#keyTexts;
    if (texts === undefined) return { bytes, secret: false };
    const decrypted = await this.#decrypt(bytes, file, texts);
    if (decrypted === undefined) return { bytes, secret: false };
    this.#files.add(file);
    for (const secret of decrypted.secrets) this.#secrets.add(secret);
    return { bytes: decrypted.bytes, secret: true };
  }

  async #decrypt(bytes: Uint8Array, file: string, texts: KeyTexts): Promise<DecryptedFile | undefined> {
    try {
      return await decryptFile(bytes, file, () => {
        const { sops, signal = new AbortController().signal } = this.#options;
        this.#keys ??= FileKeys.parse(texts, sops, signal);
        return this.#keys;
      });
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      throw this.#said(error);
    }
  }

  /** Keys are mostly wrong for all files: the message is long, and is said once. */
  #said(error: ManifestError): ManifestError {
    const [problem, second] = error.problems;
    if (problem === undefined || second !== undefined) return error;
    const first = this.#faults.get(problem.message);
    this.#faults.set(problem.message, first ?? problem.file);
    if (first === undefined) return error;
    return new ManifestError(problem.file, [
      { ...problem, message: `cannot be decrypted, like ${JSON.stringify(first)}` },
    ]);
  }
}
