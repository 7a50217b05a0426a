import { createPrivateKey } from "node:crypto";

/** A usable private key. */
export interface SshPrivateKey {
  /** PEM text with the line breaks that OpenSSH requires. */
  readonly text: string;
  /** Whether it is encrypted with a passphrase. */
  readonly isEncrypted: boolean;
}

/** Start of the binary content of OpenSSH's own format. */
const MAGIC = Buffer.from("openssh-key-v1\0");
const KEY_TYPES = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/;
const PEM = /-----BEGIN ((?:OPENSSH |RSA |EC |DSA |ENCRYPTED )?PRIVATE KEY)-----[\s\S]+?-----END \1-----/;

/**
 * Checks a private key before it is used: OpenSSH's format, and PEM for RSA and ECDSA keys. Returns what is wrong with it, without
 * quoting it; the text completes a sentence that starts with the name of the Secret's key. `passphrase` is only needed for an
 * encrypted key. That of a key in OpenSSH's format is not checked here: its key derivation is not part of Node.js.
 */
export function readSshPrivateKey(value: string, passphrase: string | undefined): SshPrivateKey | string {
  const unusable = unsupported(value);
  if (unusable !== undefined) return unusable;
  const match = PEM.exec(value.replaceAll("\r", ""));
  if (match === null) return "is not a private key in OpenSSH or PEM format";
  const text = `${match[0]}\n`;
  const cipher = match[1] === "OPENSSH PRIVATE KEY" ? opensshCipher(text) : undefined;
  if (cipher !== undefined && !cipher.ok) return cipher.why;
  const isEncrypted = cipher?.isEncrypted ?? /ENCRYPTED/.test(text);
  if (isEncrypted && passphrase === undefined) return "is encrypted: add its passphrase as the key password";
  if (cipher === undefined) {
    if (/^(?:ENCRYPTED )?PRIVATE KEY$/.test(match[1] ?? "") && !isCheap(text))
      return `takes too long to decrypt: encrypt it with at most ${MAX_ROUNDS} rounds of key derivation`;
    const problem = pemProblem(text, passphrase);
    if (problem !== undefined) return problem;
  }
  return { text, isEncrypted };
}

function unsupported(value: string): string | undefined {
  if (/^PuTTY-User-Key-File-/m.test(value))
    return "is in PuTTY's format, which is not supported: convert it with puttygen KEY.ppk -O private-openssh -o identity";
  if (/BEGIN SSH2 (ENCRYPTED|PUBLIC)/.test(value))
    return "is in the format of ssh.com, which is not supported: convert it with ssh-keygen -i -f KEY";
  if (/^\s*(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ AAAA/.test(value))
    return "is a public key: store the private key there, and the public key as deploy key at the Git host";
  if (/BEGIN DSA PRIVATE KEY/.test(value))
    return "is a DSA key, which Git hosts no longer accept: create one with ssh-keygen -t ed25519";
  return undefined;
}

type Cipher = { readonly ok: true; readonly isEncrypted: boolean } | { readonly ok: false; readonly why: string };

/** Reads the unencrypted start of OpenSSH's format: cipher, key derivation, and public key. */
function opensshCipher(text: string): Cipher {
  const damaged = { ok: false, why: "is damaged: copy the whole file again, with all its lines" } as const;
  const bytes = Buffer.from(text.replace(/-----[^-]+-----/g, ""), "base64");
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return damaged;
  let at = MAGIC.length;
  const next = (): Buffer | undefined => {
    if (at + 4 > bytes.length) return undefined;
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    return at > bytes.length ? undefined : bytes.subarray(start, at);
  };
  const cipher = next()?.toString("latin1");
  next();
  next();
  at += 4;
  const publicKey = next();
  const secret = next();
  if (cipher === undefined || publicKey === undefined || secret === undefined) return damaged;
  const type = publicKey.subarray(4, 4 + (publicKey.length < 4 ? 0 : publicKey.readUInt32BE(0))).toString("latin1");
  if (!KEY_TYPES.test(type))
    return { ok: false, why: "has a type that is not supported: use an ed25519, ecdsa or rsa key" };
  return { ok: true, isEncrypted: cipher !== "none" };
}

/** Rounds of key derivation, some 300 ms in which nothing else runs. OpenSSH and OpenSSL use some thousands. */
const MAX_ROUNDS = 1_000_000;

/** Whether no number in a key of PKCS#8 is above the limit. The rounds are one of them, wherever the kind of encryption has it. */
function isCheap(pem: string): boolean {
  return largestIn(Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64")) <= MAX_ROUNDS;
}

/** Returns the largest whole number in DER; infinity if one has more than 6 bytes, or if the text cannot be read. */
function largestIn(der: Buffer, depth = 0): number {
  let largest = 0;
  for (let at = 0; at < der.length; ) {
    const [tag = 0, short = 0] = der.subarray(at, at + 2);
    const size = short < 0x80 ? 0 : short - 0x80;
    const start = at + 2 + size;
    const isReadable = short !== 0x80 && size <= 4 && start <= der.length && depth < 16;
    const end = isReadable ? start + (size === 0 ? short : der.readUIntBE(at + 2, size)) : Number.POSITIVE_INFINITY;
    if (end > der.length) return Number.POSITIVE_INFINITY;
    const content = der.subarray(start, end);
    if ((tag & 0x20) !== 0) largest = Math.max(largest, largestIn(content, depth + 1));
    else if (tag === 2 && content.length > 6) return Number.POSITIVE_INFINITY;
    else if (tag === 2 && content.length > 0) largest = Math.max(largest, content.readUIntBE(0, content.length));
    at = end;
  }
  return largest;
}

function pemProblem(text: string, passphrase: string | undefined): string | undefined {
  try {
    const { asymmetricKeyType } = createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
    if (asymmetricKeyType === "rsa" || asymmetricKeyType === "ec") return undefined;
    return asymmetricKeyType === "ed25519"
      ? "is an ed25519 key in PKCS#8 format, which OpenSSH cannot read: create one with ssh-keygen -t ed25519"
      : "has a type that is not supported: use an ed25519, ecdsa or rsa key";
  } catch {
    // The error is dropped on purpose: its text may quote the value.
    return /ENCRYPTED/.test(text)
      ? "cannot be decrypted: check the passphrase in the key password"
      : "is damaged: copy the whole file again, with all its lines";
  }
}
