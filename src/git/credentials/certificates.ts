import { createPrivateKey, X509Certificate } from "node:crypto";
import type { GitCredential } from "../engine.js";
import { attempt, type SecretReader } from "./secret-reader.js";

/** Certificates of a credential. */
export type Certificates = Pick<GitCredential, "ca" | "clientCert" | "clientKey">;

/**
 * Reads a certificate authority and a client certificate from a Secret, under the names that Kubernetes, Flux and Argo CD use.
 * Throws `GIT_CREDENTIAL_INVALID`.
 */
export function certificatesOf(secret: SecretReader): Certificates {
  const ca = secret.text("ca.crt", "caFile");
  const clientCert = secret.text("tls.crt", "certFile", "tlsClientCertData");
  const clientKey = secret.text("tls.key", "keyFile", "tlsClientCertKey");
  checkCa(ca, secret);
  checkClientCertificate(clientCert, clientKey, secret);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(clientCert === undefined || clientKey === undefined ? {} : { clientCert, clientKey }),
  };
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
