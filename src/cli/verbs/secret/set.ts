import { buffer } from "node:stream/consumers";
import {
  ANNOTATION_SECRET_SET_AT,
  ANNOTATION_SECRET_SET_BY,
  LABEL_APP,
  LABEL_APP_NAMESPACE,
  LABEL_PUSHED,
} from "../../../api/group.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import type { Cluster } from "../../cluster/cluster.js";
import { whoAmI } from "../../cluster/identity.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "../../exit-codes.js";
import type { ClusterFlags } from "../../flags.js";
import { age } from "../../output/age.js";
import { jsonOutput } from "../../output/objects.js";
import { formatTable } from "../../output/table.js";
import { hint, print } from "../../terminal.js";
import { readValues } from "./secret-values.js";

/** Flags of `overseer secret set`. */
export interface SetFlags extends ClusterFlags {
  readonly type?: string;
  readonly replace?: boolean;
}
/** Flags of `overseer secret list`. */
export type ListFlags = ClusterFlags & { readonly output?: "json"; readonly allNamespaces?: boolean };

const MANAGER = "overseer-secret";

/** Creates a Secret that is kept out of Git, or sets some of its keys. Prints names only. */
export async function setSecret(name: string, items: readonly string[], flags: SetFlags): Promise<ExitCode> {
  const data = await readValues(items, { env: process.env, stdin: () => buffer(process.stdin) });
  return withCluster(flags, async (cluster) => {
    const { namespace } = cluster;
    const before = await existing(cluster, namespace, name);
    checkOwner(before, namespace, name);
    const { username } = await whoAmI(cluster);
    const others = Object.keys(before?.data ?? {}).filter((key) => !Object.hasOwn(data, key));
    const removed = flags.replace === true ? Object.fromEntries(others.map((key) => [key, null])) : {};
    const metadata = {
      labels: { [LABEL_PUSHED]: "true" },
      annotations: { [ANNOTATION_SECRET_SET_BY]: username, [ANNOTATION_SECRET_SET_AT]: new Date().toISOString() },
    };
    const body = { metadata, ...(flags.type === undefined ? {} : { type: flags.type }), data: { ...removed, ...data } };
    const query = { fieldManager: MANAGER };
    if (before === undefined) {
      const created = { apiVersion: "v1", kind: "Secret", ...body, metadata: { name, namespace, ...metadata } };
      await cluster.request({ method: "POST", path: secretsPath(namespace), query, body: created });
    } else {
      const contentType = "application/merge-patch+json";
      await cluster.request({ method: "PATCH", path: secretPath(namespace, name), query, contentType, body });
    }
    const changed = Object.keys(data).filter((key) => before?.data?.[key] !== data[key]);
    const what = changed.length === 0 ? "nothing changed" : `${changed.sort().join(", ")} set`;
    print(`Secret ${namespace}/${name}: ${what}\n`);
    hint(flags, "It is kept out of Git: no app overwrites or deletes it. Apps wait for it by source.requiredSecrets.");
    return EXIT.done;
  });
}

/** Lists the Secrets that are kept out of Git, with who set them and when. Values are not requested. */
export function listSecrets(flags: ListFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const place = flags.allNamespaces === true ? "" : `/namespaces/${encodeURIComponent(cluster.namespace)}`;
    const { items } = await cluster.request<{ items: readonly SecretObject[] }>({
      method: "GET",
      path: `/api/v1${place}/secrets`,
      query: { labelSelector: `${LABEL_PUSHED}=true` },
      accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
    });
    const rows = items.map(({ metadata: { namespace, name, annotations = {} } }) => ({
      ...{ namespace, name },
      setBy: annotations[ANNOTATION_SECRET_SET_BY],
      setAt: annotations[ANNOTATION_SECRET_SET_AT],
    }));
    if (flags.output === "json") print(jsonOutput(rows));
    else if (rows.length === 0)
      hint(flags, `no Secret was set by overseer secret set in ${place === "" ? "any namespace" : cluster.namespace}`);
    else
      print(
        formatTable(
          ["namespace", "name", "set by", "age"],
          rows.map(({ namespace, name, setBy, setAt }) => [namespace, name, setBy, age(setAt)]),
        ),
      );
    return EXIT.done;
  });
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
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name))
    throw new UsageError(`${JSON.stringify(name)} is not the name of a Secret`);
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
