import { createHash } from "node:crypto";

/** Who made an SSH signature, and what for. */
export interface SshSignatureInfo {
  /** Type and fingerprint of the key, for example `ED25519 SHA256:…`, as `ssh-keygen -l` shows them. */
  readonly key: string;
  /** The key in base64, as in a public key file. */
  readonly blob: string;
  /** `git` for commits and tags. */
  readonly namespace: string;
}

const NAMES: Readonly<Record<string, string>> = {
  "ssh-ed25519": "ED25519",
  "ssh-rsa": "RSA",
  "ssh-dss": "DSA",
  "sk-ssh-ed25519@openssh.com": "ED25519-SK",
  "sk-ecdsa-sha2-nistp256@openssh.com": "ECDSA-SK",
};

/** Reads an armored SSH signature (PROTOCOL.sshsig); undefined if it is malformed. Verifies nothing. */
export function readSshSignature(armored: string): SshSignatureInfo | undefined {
  const bytes = Buffer.from(armored.replace(/^-----.*-----$/gm, ""), "base64");
  if (bytes.toString("latin1", 0, 6) !== "SSHSIG" || bytes.length < 10 || bytes.readUInt32BE(6) !== 1) return undefined;
  const key = readString(bytes, 10);
  const namespace = key && readString(bytes, key.end);
  if (key === undefined || namespace === undefined) return undefined;
  const type = keyType(key.value);
  if (type === undefined) return undefined;
  return {
    key: `${type} ${fingerprintOf(key.value)}`,
    blob: key.value.toString("base64"),
    namespace: namespace.value.toString("latin1"),
  };
}

/** Returns the type of a public key as `ssh-keygen` shows it; undefined if it is malformed. */
export function keyType(blob: Buffer): string | undefined {
  const type = readString(blob, 0)?.value.toString("latin1");
  if (type === undefined || !/^[a-z0-9@.-]+$/.test(type)) return undefined;
  return NAMES[type] ?? (type.startsWith("ecdsa-sha2-") ? "ECDSA" : type);
}

/** Returns the algorithm name in a public key; undefined if it is malformed. */
export function keyAlgorithm(blob: Buffer): string | undefined {
  return readString(blob, 0)?.value.toString("latin1");
}

function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

function readString(bytes: Buffer, at: number): { readonly value: Buffer; readonly end: number } | undefined {
  if (at + 4 > bytes.length) return undefined;
  const end = at + 4 + bytes.readUInt32BE(at);
  return end > bytes.length ? undefined : { value: bytes.subarray(at + 4, end), end };
}
