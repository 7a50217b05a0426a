import { createPrivateKey, X509Certificate } from "node:crypto";
import { canonicalJson, hmacSha256, sha256 } from "../base/hash.js";
import type { GitCredential } from "./engine.js";
import { GitError } from "./errors.js";

/**
 * User name sent with a token if the Secret has none. GitHub requires it for App tokens; GitLab, Gitea, Forgejo and Azure
 * DevOps accept any name with a token. Bitbucket Cloud requires `username: x-token-auth` in the Secret.
 */
export const TOKEN_USERNAME = "x-access-token";

const ACCEPTED = "username and password, or token, or bearerToken; and, if needed, ca.crt, tls.crt and tls.key";

/**
 * Reads a credential from the `data` (base64 values) of a Kubernetes Secret. Accepted keys, including the names that Flux
 * uses: `username` + `password`; `password` or `token` alone; `bearerToken`; `ca.crt` or `caFile`; `tls.crt` + `tls.key` or
 * `certFile` + `keyFile`. Trailing line breaks of names, passwords and tokens are dropped: they come from `echo`. Throws
 * `GIT_CREDENTIAL_INVALID`, which names the missing or invalid key and never a value; `where` names the Secret.
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
    throw secret.invalid("has both bearerToken and username, password or token: keep only one kind of credential");
  }
  if (username !== undefined && password === undefined)
    throw secret.invalid("has username but no password: add the key password");
  if (username?.includes(":")) throw secret.invalid("has a colon in username, which HTTP basic authentication forbids");
  checkCa(ca, secret);
  checkClientCertificate(clientCert, clientKey, secret);
  const credential: GitCredential = {
    ...(password === undefined ? {} : { username: username ?? TOKEN_USERNAME, password }),
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...(ca === undefined ? {} : { ca }),
    ...(clientCert === undefined || clientKey === undefined ? {} : { clientCert, clientKey }),
  };
  if (Object.keys(credential).length === 0) throw secret.invalid(secret.nothingFound());
  return credential;
}

/** Returns a digest that identifies a credential; keyed if `key` is set, so that passwords cannot be guessed from it. */
export function credentialDigest(credential: GitCredential, key = ""): string {
  const text = canonicalJson(credential);
  return key === "" ? sha256(text) : hmacSha256(key, text);
}

function checkCa(ca: string | undefined, secret: SecretReader): void {
  if (ca === undefined) return;
  if (!attempt(() => new X509Certificate(ca))) throw secret.invalid("has no PEM certificate in ca.crt");
}

function checkClientCertificate(cert: string | undefined, key: string | undefined, secret: SecretReader): void {
  if (cert === undefined && key === undefined) return;
  if (cert === undefined) throw secret.invalid("has tls.key but no tls.crt: a client certificate needs both");
  if (key === undefined) throw secret.invalid("has tls.crt but no tls.key: a client certificate needs both");
  const certificate = attempt(() => new X509Certificate(cert));
  if (!certificate) throw secret.invalid("has no PEM certificate in tls.crt");
  const privateKey = attempt(() => createPrivateKey(key));
  if (!privateKey) throw secret.invalid("has no unencrypted PEM private key in tls.key");
  if (!certificate.checkPrivateKey(privateKey)) throw secret.invalid("has a tls.key that does not match tls.crt");
}

/** Returns the result of `parse`, or undefined. The error is dropped on purpose: its text may quote the value. */
function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/** Decodes the values of one Secret and creates its errors. */
class SecretReader {
  readonly #data: Readonly<Record<string, string>>;
  readonly #where: string;

  constructor(data: Readonly<Record<string, string>>, where: string) {
    this.#data = data;
    this.#where = where;
  }

  /** Returns the text of the first of `keys` that is present and not empty. */
  text(...keys: readonly string[]): string | undefined {
    for (const key of keys) {
      const value = Object.hasOwn(this.#data, key) ? this.#data[key] : undefined;
      if (value === undefined || value === "") continue;
      if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(value)) throw this.invalid(`has a value in ${key} that is not base64`);
      const text = attempt(() => new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "base64")));
      if (text === undefined) throw this.invalid(`has a value in ${key} that is not UTF-8 text`);
      if (text.trim() !== "") return text;
    }
    return undefined;
  }

  /** Returns a single-line text. */
  line(key: string): string | undefined {
    const text = this.text(key)?.replace(/[\r\n]+$/, "");
    if (text !== undefined && /\p{Cc}/u.test(text))
      throw this.invalid(`has a line break or control character in ${key}`);
    return text;
  }

  nothingFound(): string {
    if (["identity", "ssh-privatekey", "sshPrivateKey"].some((key) => Object.hasOwn(this.#data, key))) {
      return `contains an SSH key, and SSH is not supported yet: use the https:// address of the repository and add ${ACCEPTED}`;
    }
    return `contains no credential: add ${ACCEPTED}`;
  }

  invalid(what: string): GitError {
    return new GitError("GIT_CREDENTIAL_INVALID", `${this.#where} ${what}`);
  }
}
