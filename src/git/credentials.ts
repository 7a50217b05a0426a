import { createPrivateKey, X509Certificate } from "node:crypto";
import { canonicalJson, hmacSha256, sha256 } from "../base/hash.js";
import type { GitCredential } from "./engine.js";
import { GitError } from "./errors.js";

/**
 * The user name that goes with a token when the Secret names none. GitHub asks for it with tokens of an App; GitLab, Gitea,
 * Forgejo and Azure DevOps take any name with a token. Bitbucket Cloud wants its own: `username: x-token-auth` in the Secret.
 */
export const TOKEN_USERNAME = "x-access-token";

const ACCEPTED = "username and password, or token, or bearerToken; and, where needed, ca.crt, tls.crt and tls.key";

/**
 * Reads a credential from the `data` (base64 values) of a Kubernetes Secret. Keys, with the names that Flux uses as well:
 * `username` + `password`; `password` or `token` alone; `bearerToken`; `ca.crt` or `caFile`; `tls.crt` + `tls.key` or
 * `certFile` + `keyFile`. Line breaks at the end of a name, password or token are dropped: they come from `echo`. Throws
 * `GIT_CREDENTIAL_INVALID`, which names the key that is missing or wrong and never a value; `where` names the Secret.
 */
export function credentialFromSecret(data: Readonly<Record<string, string>>, where = "the Secret"): GitCredential {
  const secret = new SecretReader(data, where);
  const bearerToken = secret.line("bearerToken");
  const username = secret.line("username");
  const password = secret.line("password") ?? secret.line("token");
  const ca = secret.text("ca.crt", "caFile");
  const clientCert = secret.text("tls.crt", "certFile");
  const clientKey = secret.text("tls.key", "keyFile");
  if (bearerToken !== undefined && (username !== undefined || password !== undefined)) {
    throw secret.wrong("has bearerToken together with username, password or token: keep one of the two");
  }
  if (username !== undefined && password === undefined)
    throw secret.wrong("has username but no password: add the key password");
  if (username?.includes(":")) throw secret.wrong("has a colon in username, which HTTP cannot carry");
  checkCa(ca, secret);
  checkClientCertificate(clientCert, clientKey, secret);
  const credential: GitCredential = {
    ...(password === undefined ? {} : { username: username ?? TOKEN_USERNAME, password }),
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...(ca === undefined ? {} : { ca }),
    ...(clientCert === undefined || clientKey === undefined ? {} : { clientCert, clientKey }),
  };
  if (Object.keys(credential).length === 0) throw secret.wrong(secret.nothingFound());
  return credential;
}

/** Digest that tells two credentials apart; keyed where `key` is given, so that passwords cannot be tried against it. */
export function credentialDigest(credential: GitCredential, key = ""): string {
  const text = canonicalJson(credential);
  return key === "" ? sha256(text) : hmacSha256(key, text);
}

function checkCa(ca: string | undefined, secret: SecretReader): void {
  if (ca === undefined) return;
  if (!attempt(() => new X509Certificate(ca))) throw secret.wrong("has no PEM certificate in ca.crt");
}

function checkClientCertificate(cert: string | undefined, key: string | undefined, secret: SecretReader): void {
  if (cert === undefined && key === undefined) return;
  if (cert === undefined) throw secret.wrong("has tls.key but no tls.crt: a client certificate needs both");
  if (key === undefined) throw secret.wrong("has tls.crt but no tls.key: a client certificate needs both");
  const certificate = attempt(() => new X509Certificate(cert));
  if (!certificate) throw secret.wrong("has no PEM certificate in tls.crt");
  const privateKey = attempt(() => createPrivateKey(key));
  if (!privateKey) throw secret.wrong("has no unencrypted PEM private key in tls.key");
  if (!certificate.checkPrivateKey(privateKey)) throw secret.wrong("has a tls.key that does not belong to tls.crt");
}

/** What `parse` gives, or undefined. The error is dropped on purpose: its text may quote what it could not read. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** Decodes the values of one Secret and words its errors. */
class SecretReader {
  readonly #data: Readonly<Record<string, string>>;
  readonly #where: string;

  constructor(data: Readonly<Record<string, string>>, where: string) {
    this.#data = data;
    this.#where = where;
  }

  /** The text under the first of `keys` that is there and not empty. */
  text(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const value = Object.hasOwn(this.#data, key) ? this.#data[key] : undefined;
      if (value === undefined || value === "") continue;
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) throw this.wrong(`has a value in ${key} that is not base64`);
      const text = attempt(() => new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "base64")));
      if (text === undefined) throw this.wrong(`has a value in ${key} that is not UTF-8 text`);
      if (text.trim() !== "") return text;
    }
    return undefined;
  }

  /** A text of one line. */
  line(key: string): string | undefined {
    const text = this.text(key)?.replace(/[\r\n]+$/, "");
    if (text !== undefined && /\p{Cc}/u.test(text))
      throw this.wrong(`has a line break or control character inside ${key}`);
    return text;
  }

  nothingFound(): string {
    if (["identity", "ssh-privatekey", "sshPrivateKey"].some((key) => Object.hasOwn(this.#data, key))) {
      return `holds an SSH key, and SSH is not supported yet: use the https:// address of the repository, and give it ${ACCEPTED}`;
    }
    return `holds no credential: give it ${ACCEPTED}`;
  }

  wrong(what: string): GitError {
    return new GitError("GIT_CREDENTIAL_INVALID", `${this.#where} ${what}`);
  }
}
