import { createDecipheriv } from "node:crypto";

/** A value as SOPS encrypts it. */
export interface EncryptedValue {
  readonly data: Buffer;
  readonly iv: Buffer;
  readonly tag: Buffer;
  readonly type: string;
}

/** What every encrypted value begins with. */
export const ENCRYPTED_PREFIX = "ENC[AES256_GCM,";

const BASE64 = "(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?";
const FORMAT = new RegExp(`^ENC\\[AES256_GCM,data:(${BASE64}),iv:(${BASE64}),tag:(${BASE64}),type:([a-z]+)\\]$`);
const IV_BYTES = 32;
const TAG_BYTES = 16;

/** Whether a text is meant as an encrypted value, well-formed or not. */
export function looksEncrypted(text: string): boolean {
  return text.startsWith(ENCRYPTED_PREFIX);
}

/** Parses an encrypted value; undefined if it is not exactly of the format. */
export function parseEncrypted(text: string): EncryptedValue | undefined {
  const match = FORMAT.exec(text);
  if (match === null) return undefined;
  const [data, iv, tag] = [match[1], match[2], match[3]].map((part = "") => Buffer.from(part, "base64"));
  if (data === undefined || iv?.length !== IV_BYTES || tag?.length !== TAG_BYTES) return undefined;
  return { data, iv, tag, type: match[4] ?? "" };
}

/** Decrypts a value that was encrypted for `place`; undefined if the key, the value or its place is another one. */
export function decryptValue(value: EncryptedValue, key: Uint8Array, place: string): Buffer | undefined {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, value.iv, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(place));
    decipher.setAuthTag(value.tag);
    return Buffer.concat([decipher.update(value.data), decipher.final()]);
  } catch {
    return undefined;
  }
}
