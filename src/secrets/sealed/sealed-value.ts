import {
  constants,
  createCipheriv,
  createDecipheriv,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
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

/**
 * Decrypts a value with the first key that fits. Returns undefined if none does: the value is for another key, was moved to another
 * Secret, or was changed. These cases look the same.
 */
export function unsealValue(keys: readonly KeyObject[], label: string, sealed: string): Buffer | undefined {
  const bytes = Buffer.from(sealed, "base64");
  const keyLength = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  const end = 2 + keyLength;
  if (keyLength === 0 || bytes.length < end + TAG_BYTES) return undefined;
  for (const key of keys) {
    try {
      const sessionKey = privateDecrypt(
        { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256", oaepLabel: Buffer.from(label) },
        bytes.subarray(2, end),
      );
      if (sessionKey.length !== SESSION_KEY_BYTES) continue;
      const decipher = createDecipheriv("aes-256-gcm", sessionKey, NONCE, { authTagLength: TAG_BYTES });
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(end, -TAG_BYTES)), decipher.final()]);
    } catch {
      // Errors of OpenSSL say nothing more, and differ by version: the next key may fit.
    }
  }
  return undefined;
}
