import { X509Certificate } from "node:crypto";
import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import type { SecretData } from "../../secret-data.js";
import { CoreError } from "./core-error.js";

/** Address and credential of a Core. */
export interface CoreAccess {
  /** URL without a trailing slash. */
  readonly url: string;
  readonly token: string;
  /** PEM certificates to trust in addition to the system's. */
  readonly ca: string | undefined;
  /** Keyed digest of all fields: apps with the same one share a connection. Reveals no secret. */
  readonly id: string;
}

const LOOPBACK: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Reads the access to a Core: the token from key `token` of `secret`, trusted certificates from key `ca.crt` of `ca`, or of
 * `secret`. Throws CoreError that names keys, never values. A token is never sent over http:// to another machine.
 */
export function coreAccess(
  address: string,
  secret: SecretData,
  ca: SecretData | undefined,
  digestKey: string,
): CoreAccess {
  const url = checkAddress(address);
  const token = text(secret, "token")?.trim();
  if (token === undefined || token === "")
    throw new CoreError("CORE_SECRET_INVALID", `${secret.where} has no key token: store the token of the Core there`);
  if (/[^\x21-\x7e]/.test(token))
    throw new CoreError(
      "CORE_SECRET_INVALID",
      `${secret.where} has an invalid value in key token: it contains whitespace or non-ASCII characters`,
    );
  const certificates = text(ca ?? secret, "ca.crt");
  if (ca !== undefined && certificates === undefined)
    throw new CoreError(
      "CORE_SECRET_INVALID",
      `${ca.where} has no key ca.crt: store the PEM certificate of the Core's CA there`,
    );
  if (certificates !== undefined && !isCertificate(certificates))
    throw new CoreError("CORE_SECRET_INVALID", `${(ca ?? secret).where} has no PEM certificate in ca.crt`);
  const id = hmacSha256(digestKey, canonicalJson([url, token, certificates ?? null]), 32);
  return { url, token, ca: certificates, id };
}

function checkAddress(address: string): string {
  const parsed = URL.parse(address);
  if (parsed === null)
    throw new CoreError(
      "CORE_ADDRESS_INVALID",
      `destination.overseer.url ${JSON.stringify(address)} is not a valid URL`,
    );
  const loopback = LOOPBACK.has(parsed.hostname);
  if (parsed.protocol !== "https:" && !(parsed.protocol === "http:" && loopback))
    throw new CoreError(
      "CORE_ADDRESS_INVALID",
      `destination.overseer.url must begin with https://: the token is never sent over ${parsed.protocol}// to another machine`,
    );
  if (parsed.username !== "" || parsed.password !== "" || parsed.search !== "" || parsed.hash !== "")
    throw new CoreError(
      "CORE_ADDRESS_INVALID",
      "destination.overseer.url may contain only host, port and path: the token comes from secretRef",
    );
  return `${parsed.origin}${parsed.pathname.replace(/\/+$/, "")}`;
}

function text({ data }: SecretData, key: string): string | undefined {
  const value = data[key];
  return value === undefined ? undefined : Buffer.from(value, "base64").toString("utf8");
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== undefined;
  } catch {
    return false;
  }
}
