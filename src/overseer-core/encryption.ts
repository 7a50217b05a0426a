import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { messageOf, OverseerError } from "../base/errors.js";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts texts with AES-256-GCM into nonce, tag and ciphertext. A context is authenticated with each text. */
export class Encryption {
  readonly #key: Uint8Array;

  /** `key` must have 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  encrypt(text: string, context: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    cipher.setAAD(Buffer.from(context));
    const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]);
  }

  /** Decrypts a text. Throws CORE_KEY_WRONG if the key or context differs, or if the value was modified. */
  decrypt(encrypted: Uint8Array, context: string): string {
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#key, encrypted.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(encrypted.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const text = decipher.update(encrypted.subarray(NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString("utf8");
    } catch (error) {
      throw keyError("cannot decrypt a secret: it was encrypted with another key, or was modified", error);
    }
  }
}

/** Reads a key; returns undefined if the file does not exist. Throws CORE_KEY_WRONG if it contains no key. */
export function readKey(path: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw keyError(`cannot read the key ${path}: ${messageOf(error)}`, error);
  }
  if (!/^[0-9a-f]{64}$/.test(text))
    throw keyError(`${path} does not contain a key: expected ${KEY_BYTES} bytes as 64 hex digits`);
  return Buffer.from(text, "hex");
}

/** Creates a key in a file that only this user can read. Never replaces an existing file. */
export function createKey(path: string): Uint8Array {
  const key = randomBytes(KEY_BYTES);
  try {
    writePrivate(path, `${key.toString("hex")}\n`, "wx");
  } catch (error) {
    throw keyError(`cannot create the key ${path}: ${messageOf(error)}`, error);
  }
  return key;
}

/** Writes a file that only this user can read, and flushes it to disk. */
export function writePrivate(path: string, text: string, flags: "wx" | "w"): void {
  const file = openSync(path, flags, 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Returns a terminal error about the key. */
export function keyError(message: string, cause?: unknown): OverseerError {
  return new OverseerError(message, { code: "CORE_KEY_WRONG", reason: "KeyWrong", class: "terminal", cause });
}
