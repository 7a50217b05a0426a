import {
  constants,
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  publicEncrypt,
  randomBytes,
  webcrypto,
} from "node:crypto";

/** Scope of a sealed value: which Secret it may be used in. */
export type SealScope = "strict" | "namespace-wide" | "cluster-wide";

const SESSION_KEY_BYTES = 32;
const TAG_BYTES = 16;
/** The session key is new for each value, so that a constant nonce is used once with each key. */
const NONCE = Buffer.alloc(12);

/** Returns what binds a value to its Secret: it can be decrypted with the same label only. */
export function sealLabel(scope: SealScope, namespace: string, name: string): string {
  if (scope === "cluster-wide") return "";
  return scope === "namespace-wide" ? namespace : `${namespace}/${name}`;
}

/** Encrypts a value as Sealed Secrets does: a session key by RSA-OAEP, and the value by AES-GCM. Returns base64. */
export function sealValue(publicKey: KeyObject, label: string, value: Uint8Array): string {
  const sessionKey = randomBytes(SESSION_KEY_BYTES);
  const sealedKey = publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: Buffer.from(label) },
    sessionKey,
  );
  const cipher = createCipheriv("aes-256-gcm", sessionKey, NONCE);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(sealedKey.length);
  return Buffer.concat([length, sealedKey, cipher.update(value), cipher.final(), cipher.getAuthTag()]).toString(
    "base64",
  );
}

/** Decryptions that fail, for one set of documents: each takes milliseconds. */
const MAX_FAILURES = 30_000;

/** Private keys that values are decrypted with. Those that have fit lately are tried first: most values are for the same key. */
export class SealingKeys {
  readonly #keys: { readonly bytes: number; readonly key: Promise<webcrypto.CryptoKey> }[];
  #failures = 0;

  constructor(keys: readonly KeyObject[]) {
    this.#keys = keys.map((key) => ({
      bytes: Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8),
      key: webcrypto.subtle.importKey(
        "pkcs8",
        key.export({ type: "pkcs8", format: "der" }),
        { name: "RSA-OAEP", hash: "SHA-256" },
        false,
        ["decrypt"],
      ),
    }));
    for (const { key } of this.#keys) key.catch(() => {});
  }

  get count(): number {
    return this.#keys.length;
  }

  /**
   * Decrypts a value with the first key that fits, on other threads. Returns undefined if none does: the value is for another key, was
   * moved to another Secret, or was changed. These cases look the same. After very many failures, nothing is decrypted any more.
   */
  async unseal(label: string, sealed: string): Promise<Buffer | undefined> {
    const bytes = Buffer.from(sealed, "base64");
    const keyLength = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
    const end = 2 + keyLength;
    if (keyLength === 0 || bytes.length < end + TAG_BYTES) return undefined;
    for (const [index, one] of this.#keys.entries()) {
      if (one.bytes !== keyLength) continue;
      if (this.#failures > MAX_FAILURES) return undefined;
      try {
        const algorithm = { name: "RSA-OAEP", label: Buffer.from(label) };
        const sessionKey = await webcrypto.subtle.decrypt(algorithm, await one.key, bytes.subarray(2, end));
        const plain = decryptWith(Buffer.from(sessionKey), bytes, end);
        this.#keys.unshift(...this.#keys.splice(index, 1));
        return plain;
      } catch {
        // Errors of OpenSSL say nothing more, and differ by version: the next key may fit.
        this.#failures += 1;
      }
    }
    return undefined;
  }
}

function decryptWith(sessionKey: Buffer, bytes: Buffer, end: number): Buffer {
  if (sessionKey.length !== SESSION_KEY_BYTES) throw new RangeError("the session key has another length");
  const decipher = createDecipheriv("aes-256-gcm", sessionKey, NONCE, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(end, -TAG_BYTES)), decipher.final()]);
}
