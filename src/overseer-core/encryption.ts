import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { messageOf, OverseerError } from "../base/errors.js";

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals texts with AES-256-GCM: nonce, tag and ciphertext in one. Each sealed text is bound to what it belongs to. */
export class Encryption {
  readonly #key: Uint8Array;

  /** `key` has 32 bytes. */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  encrypt(text: string, belongsTo: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    cipher.setAAD(Buffer.from(belongsTo));
    const encrypted = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), encrypted]);
  }

  /** Throws CORE_KEY_WRONG for what another key sealed, what belongs to something else, and what was changed. */
  open(encrypted: Uint8Array, belongsTo: string): string {
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#key, encrypted.subarray(0, NONCE_BYTES));
      decipher.setAAD(Buffer.from(belongsTo));
      decipher.setAuthTag(encrypted.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const text = decipher.update(encrypted.subarray(NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString("utf8");
    } catch (error) {
      throw keyError("a sealed value cannot be opened: the key is another one, or the value was changed", error);
    }
  }
}

/** Reads a key. Throws CORE_KEY_WRONG when it is none, undefined when there is no such file. */
export function readKey(path: string): Uint8Array | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw keyError(`cannot read the key ${path}: ${messageOf(error)}`, error);
  }
  if (!/^[0-9a-f]{64}$/.test(text))
    throw keyError(`${path} holds no key: expected ${KEY_BYTES} bytes as 64 hex digits`);
  return Buffer.from(text, "hex");
}

/** Makes a key in a file that only this user can read. Never replaces a file. */
export function makeKey(path: string): Uint8Array {
  const key = randomBytes(KEY_BYTES);
  try {
    writePrivate(path, `${key.toString("hex")}\n`, "wx");
  } catch (error) {
    throw keyError(`cannot make the key ${path}: ${messageOf(error)}`, error);
  }
  return key;
}

/** Writes a file that only this user can read, through to the disk. */
export function writePrivate(path: string, text: string, flags: "wx" | "w"): void {
  const file = openSync(path, flags, 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** An error about the key, which no retry mends. */
export function keyError(message: string, cause?: unknown): OverseerError {
  return new OverseerError(message, { code: "CORE_KEY_WRONG", reason: "KeyWrong", class: "terminal", cause });
}
