import {
  ANNOTATION_SECRET_SET_AT,
  ANNOTATION_SECRET_SET_BY,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_PUSHED,
} from "../../api/group.js";
import { isStatus } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import type { PushedSecretRow, SecretValues } from "../connection/extras.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { Cluster } from "./cluster.js";
import { whoAmI } from "./identity.js";

const MANAGER = "overseer-secret";

/** Creates a Secret that is kept out of Git, or sets some of its keys. Returns the keys whose values have changed. */
export async function setSecret(
  cluster: Cluster,
  { name, data, type, replace }: SecretValues,
): Promise<readonly string[]> {
  const { namespace } = cluster;
  const before = await existing(cluster, namespace, name);
  checkOwner(before, namespace, name);
  const { username } = await whoAmI(cluster);
  const others = Object.keys(before?.data ?? {}).filter((key) => !Object.hasOwn(data, key));
  const removed = replace ? Object.fromEntries(others.map((key) => [key, null])) : {};
  const metadata = {
    labels: { [LABEL_PUSHED]: "true" },
    annotations: { [ANNOTATION_SECRET_SET_BY]: username, [ANNOTATION_SECRET_SET_AT]: new Date().toISOString() },
  };
  const body = { metadata, ...(type === undefined ? {} : { type }), data: { ...removed, ...data } };
  const query = { fieldManager: MANAGER };
  if (before === undefined) {
    const created = { apiVersion: "v1", kind: "Secret", ...body, metadata: { name, namespace, ...metadata } };
    await cluster.request({ method: "POST", path: secretsPath(namespace), query, body: created });
  } else {
    const contentType = "application/merge-patch+json";
    await cluster.request({ method: "PATCH", path: secretPath(namespace, name), query, contentType, body });
  }
  return Object.keys(data).filter((key) => before?.data?.[key] !== data[key]);
}

/** Lists the Secrets that are kept out of Git. Values are not requested. */
export async function pushedSecrets(cluster: Cluster, namespace: string): Promise<readonly PushedSecretRow[]> {
  const { items } = await cluster.request<{ items: readonly SecretObject[] }>({
    method: "GET",
    path: namespace === "" ? "/api/v1/secrets" : secretsPath(namespace),
    query: { labelSelector: `${LABEL_PUSHED}=true` },
    accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
  });
  return items.map(({ metadata: { namespace: place = "", name, annotations = {} } }) => ({
    ...{ namespace: place, name },
    setBy: annotations[ANNOTATION_SECRET_SET_BY],
    setAt: annotations[ANNOTATION_SECRET_SET_AT],
  }));
}

type SecretObject = RawObject & { readonly data?: Readonly<Record<string, string>> };

async function existing(cluster: Cluster, namespace: string, name: string): Promise<SecretObject | undefined> {
  try {
    return await cluster.request<SecretObject>({ method: "GET", path: secretPath(namespace, name) });
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

function checkOwner(secret: SecretObject | undefined, namespace: string, name: string): void {
  const { labels = {}, ownerReferences = [] } = secret?.metadata ?? {};
  const app = labels[LABEL_APP];
  if (app !== undefined)
    throw new CommandError(
      `Secret ${namespace}/${name} is managed by OverseerApp ${labels[LABEL_APP_NAMESPACE]}/${app}, which would revert this: change it in Git, or remove it there first`,
      EXIT.failed,
    );
  const [owner] = ownerReferences as readonly { kind: string; name: string }[];
  if (owner !== undefined)
    throw new CommandError(
      `Secret ${namespace}/${name} belongs to ${owner.kind} ${owner.name}, whose controller would overwrite this: change it there`,
      EXIT.failed,
    );
}

function secretPath(namespace: string, name: string): string {
  return `${secretsPath(namespace)}/${encodeURIComponent(name)}`;
}

function secretsPath(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
}
