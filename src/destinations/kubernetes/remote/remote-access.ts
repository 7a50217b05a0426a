import { canonicalJson, hmacSha256 } from "../../../base/hash.js";
import type { ClusterAccess } from "../../../kube/client/auth.js";
import { KubeconfigError, readRemoteKubeconfig } from "../../../kube/client/remote-kubeconfig.js";
import type { SecretData } from "../../secret-data.js";

/** Keys of a Secret that a kubeconfig is looked for in, the first that is there; as Flux has them. */
const KEYS = ["value", "value.yaml"];

/** How to reach a remote cluster, and who we are there. */
export interface RemoteAccess extends ClusterAccess {
  /** Digest of all of it: apps with the same one share what is seen and the right to see it. No secret can be read from it. */
  readonly id: string;
  /**
   * Digest of the address and of the authority that vouches for it: what answers there is the same cluster, whoever asks.
   * What a server says of itself would prove nothing, since tenants name servers of their own.
   */
  readonly cluster: string;
}

/** Reads the access to a cluster from the Secret of an app. Throws KubeconfigError, without a word of what the Secret holds. */
export function remoteAccess(secret: SecretData, key: string | undefined, digestKey: string): RemoteAccess {
  const wanted = key === undefined ? KEYS : [key];
  const found = wanted.find((name) => secret.data[name] !== undefined);
  if (found === undefined)
    throw new KubeconfigError(
      `${secret.where} has no key ${wanted.join(" or ")}: put a kubeconfig there, or name its key in kubeConfigSecretRef.key`,
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
