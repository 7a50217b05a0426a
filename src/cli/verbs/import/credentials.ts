import { isRecord } from "../../../manifest/shape.js";
import { type ArgoCredential, SECRET_TYPE } from "../../../migration/argocd/secrets.js";
import type { InputObject } from "../../../migration/conversion.js";

/** Reads the URL and the names of the keys of a Secret of Argo CD; undefined for other Secrets. No other value is kept. */
export function credentialOf(secret: InputObject): ArgoCredential | undefined {
  const { name, namespace = "argocd" } = secret.metadata;
  const { labels } = secret.metadata as { labels?: Readonly<Record<string, string>> };
  const type = labels?.[SECRET_TYPE];
  if (type !== "repository" && type !== "repo-creds") return undefined;
  const data = isRecord(secret.data) ? secret.data : {};
  const text = isRecord(secret.stringData) ? secret.stringData : {};
  const url =
    typeof text.url === "string"
      ? text.url
      : typeof data.url === "string"
        ? Buffer.from(data.url, "base64").toString("utf8")
        : undefined;
  if (url === undefined) return undefined;
  return { namespace, name, type, url, keys: [...Object.keys(data), ...Object.keys(text)] };
}
