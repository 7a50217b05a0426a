import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import type { ClusterAccess } from "../../../kube/client/auth.js";
import { KubeconfigError, readRemoteKubeconfig } from "../../../kube/client/remote-kubeconfig.js";
import type { SecretData } from "../../secret-data.js";

/** Secret keys that may hold the kubeconfig, in this order, as in Flux. */
const KEYS = ["value", "value.yaml"];

/** Address and credential of a remote cluster. */
export interface RemoteAccess extends ClusterAccess {
  /** Keyed digest of address and credential: apps with the same one share a connection. Reveals no secret. */
  readonly id: string;
  /**
   * Keyed digest of address and certificate authority, which identify the cluster for any credential. A name that the server
   * reports would prove nothing, since tenants choose the servers.
   */
  readonly cluster: string;
}

/** Reads the access to a cluster from the Secret of an app. Throws KubeconfigError, which quotes nothing of the Secret. */
export function remoteAccess(secret: SecretData, key: string | undefined, digestKey: string): RemoteAccess {
  const keys = key === undefined ? KEYS : [key];
  const found = keys.find((name) => secret.data[name] !== undefined);
  if (found === undefined)
    throw new KubeconfigError(
      `${secret.where} has no key ${keys.join(" or ")}: store a kubeconfig there, or set kubeConfigSecretRef.key`,
    );
  const text = Buffer.from(secret.data[found] ?? "", "base64").toString("utf8");
  const { server, tls, token } = readRemoteKubeconfig(text, `the kubeconfig in key ${found} of ${secret.where}`);
  const { ca = "", cert = "", key: certificateKey = "", servername = "" } = tls;
  const place = [server, String(ca).replace(/\s+/g, ""), servername];
  const digest = (parts: readonly string[]): string => hmacSha256(digestKey, canonicalJson(parts), 32);
  return {
    server,
    tls,
    signIn: "the credential in its kubeconfig",
    authHeaders: async () => (token === undefined ? {} : { authorization: `Bearer ${token}` }),
    cluster: digest(place),
    id: digest([...place, String(cert), String(certificateKey), token ?? ""]),
  };
}
