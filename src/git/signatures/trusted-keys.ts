import { sha256 } from "../../base/hash.js";
import { GitError } from "../errors.js";
import { readArmoredKeys } from "./openpgp-armor.js";
import { keyAlgorithm } from "./ssh-signature.js";

/** Keys whose signatures are accepted. */
export interface TrustedKeys {
  /** Names the Secret in messages. */
  readonly where: string;
  /** Lines for `ssh-keygen`. */
  readonly allowedSigners: string;
  /** Revoked SSH keys: a list, or a KRL. */
  readonly revoked: Buffer | undefined;
  /** Keyring for `gpgv`. */
  readonly openpgp: Buffer;
  /** Changes with the keys. */
  readonly digest: string;
}

/** Key of the Secret with revoked SSH keys, like Git's gpg.ssh.revocationFile. */
export const REVOKED_KEYS = "revoked_keys";

const KEY_TYPE = "(?:sk-)?(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp\\d+)(?:-cert-v01)?(?:@openssh\\.com)?";
const PUBLIC_KEY = new RegExp(`^(${KEY_TYPE})\\s+(\\S+)(?:\\s+(.*))?$`);
const ALLOWED_SIGNER = new RegExp(`^(?:"[^"]+"|[^\\s"]+)\\s+(?:\\S.*\\s)?(${KEY_TYPE})\\s+(\\S+)(?:\\s.*)?$`);

const EXPECTED =
  "an OpenPGP public key (gpg --armor --export), an SSH public key, or lines of an allowed_signers file (see ssh-keygen(1))";

/**
 * Reads the keys in the `data` (base64 values) of a Secret by their content, so that the names do not matter: armored OpenPGP
 * public keys as of Flux, SSH public keys, and lines of `allowed_signers`. `revoked_keys` lists revoked SSH keys. Throws
 * `GIT_KEYS_INVALID`, which names the key of the Secret and never quotes a value.
 */
export function trustedKeysOf(data: Readonly<Record<string, string>>, where: string): TrustedKeys {
  const signers: string[] = [];
  const keyrings: Buffer[] = [];
  let revoked: Buffer | undefined;
  for (const [name, value] of Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = Buffer.from(value, "base64");
    const text = bytes.toString("utf8");
    if (text.trim() === "") continue;
    if (name === REVOKED_KEYS) revoked = bytes;
    else if (/-----BEGIN (?:\w+ )*PRIVATE KEY(?: BLOCK)?-----/.test(text))
      throw invalid(
        where,
        `has a private key in ${name}: verification needs public keys only, in a Secret of their own`,
      );
    else if (text.includes("-----BEGIN PGP ")) {
      const keys = readArmoredKeys(text);
      if (typeof keys === "string")
        throw invalid(where, `${keys} in ${name}: export it again with gpg --armor --export`);
      keyrings.push(keys);
    } else signers.push(...signerLines(name, text, where));
  }
  if (signers.length + keyrings.length === 0) throw invalid(where, `has no keys: add ${EXPECTED}`);
  const openpgp = Buffer.concat(keyrings);
  const allowedSigners = signers.map((line) => `${line}\n`).join("");
  const digest = sha256([allowedSigners, openpgp.toString("base64"), revoked?.toString("base64") ?? ""].join("\0"));
  return { where, allowedSigners, revoked, openpgp, digest };
}

/** Returns the keys of `allowed_signers` in base64, with the lines that name them. */
export function signersOf({ allowedSigners }: TrustedKeys, blob: string): readonly string[] {
  return allowedSigners.split("\n").filter((line) => line.split(/\s+/).includes(blob));
}

function signerLines(name: string, text: string, where: string): string[] {
  const lines: string[] = [];
  text.split(/\r?\n/).forEach((full, index) => {
    const line = full.trim();
    if (line === "" || line.startsWith("#")) return;
    const place = `in line ${index + 1} of ${name}`;
    const key = PUBLIC_KEY.exec(line);
    const [, type, blob] = key ?? ALLOWED_SIGNER.exec(line) ?? [];
    if (type === undefined || blob === undefined) throw invalid(where, `has no key ${place}: expected ${EXPECTED}`);
    const bytes = Buffer.from(blob, "base64");
    if (bytes.toString("base64") !== blob || keyAlgorithm(bytes) !== type)
      throw invalid(where, `has a damaged SSH key ${place}: copy the public key again`);
    lines.push(key === null ? line : `${principalOf(key[3], name)} namespaces="git" ${type} ${blob}`);
  });
  return lines;
}

/** The comment of a public key identifies its owner, if it can be a principal; otherwise the name of the key in the Secret. */
function principalOf(comment: string | undefined, name: string): string {
  return comment !== undefined && /^[\w.@+-]+$/.test(comment) ? comment : name.replace(/\.\w+$/, "") || "signer";
}

function invalid(where: string, what: string): GitError {
  return new GitError("GIT_KEYS_INVALID", `${where} ${what}`);
}
