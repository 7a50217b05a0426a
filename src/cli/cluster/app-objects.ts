import { LABEL_APP, LABEL_APP_NAMESPACE } from "../../api/group.js";
import { systemClock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import { Discovery } from "../../kube/discovery.js";
import { isStatus } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import { collectionPath, type ResourceInfo } from "../../kube/resource.js";
import { type GroupVersionKind, parseApiVersion } from "../../manifest/object-id.js";
import { shownName } from "../connection/apps.js";
import type { LiveApp } from "../connection/live.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { Cluster } from "./cluster.js";

/** An object of an app, with its kind: items of a list have none. */
export interface AppObject {
  readonly kind: GroupVersionKind;
  readonly object: RawObject;
}

/** The objects of an app, and why some may be missing. */
export interface AppObjects {
  /** Objects that the app manages. */
  readonly managed: readonly AppObject[];
  /** Objects that controllers have made for them, such as ReplicaSets and Pods. */
  readonly made: readonly AppObject[];
  readonly gaps: readonly string[];
}

/** Kinds whose controllers create others, and what they create. */
const MAKERS: ReadonlySet<string> = new Set([
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "Job",
  "CronJob",
  "ReplicationController",
]);
const MADE: readonly GroupVersionKind[] = [
  { group: "apps", version: "v1", kind: "ReplicaSet" },
  { group: "batch", version: "v1", kind: "Job" },
  { group: "", version: "v1", kind: "Pod" },
];

/**
 * Reads the live objects of an app with the rights of the user, by the labels of the app.
 *
 * @throws CommandError if they are not in this cluster.
 */
export async function objectsOf(cluster: Cluster, app: LiveApp): Promise<AppObjects> {
  ensureHere(app);
  const discovery = new Discovery(cluster.client, systemClock);
  const { name, namespace = "" } = app.metadata;
  const home = app.spec.destination.kubernetes?.namespace ?? namespace;
  const selector = `${LABEL_APP}=${name},${LABEL_APP_NAMESPACE}=${namespace}`;
  const gaps: string[] = [];
  const list = (kind: GroupVersionKind, where: string, labels?: string) =>
    listKind(cluster, discovery, { kind, namespace: where, labels, gaps });
  const kinds = (app.status?.kinds ?? []).map(parseKind);
  const managed = (await Promise.all(kinds.map((kind) => listWide(list, kind, home, selector)))).flat();
  const places = new Set(
    managed.filter(({ kind }) => MAKERS.has(kind.kind)).map(({ object }) => object.metadata.namespace ?? ""),
  );
  const made = (await Promise.all([...places].flatMap((place) => MADE.map((kind) => list(kind, place))))).flat();
  return { managed, made, gaps: [...new Set(gaps)] };
}

/**
 * Fails for an app whose objects are not in this cluster.
 *
 * @throws CommandError
 */
function ensureHere(app: LiveApp): void {
  const { overseer, kubernetes } = app.spec.destination;
  const elsewhere =
    overseer !== undefined
      ? `on the Overseer Core ${overseer.url}`
      : kubernetes?.kubeConfigSecretRef !== undefined
        ? `in the cluster of the kubeconfig in Secret ${kubernetes.kubeConfigSecretRef.name}`
        : undefined;
  if (elsewhere === undefined) return;
  throw new CommandError(
    `the objects of ${shownName(app)} are ${elsewhere}, not in this cluster: look at them there, or see "overseer describe ${shownName(app)}"`,
    EXIT.failed,
  );
}

/** `v1./ConfigMap` and `v1.apps/Deployment`. */
export function parseKind(text: string): GroupVersionKind {
  const [, version = "", group = "", kind = ""] = /^([^.]+)\.([^/]*)\/(.+)$/.exec(text) ?? [];
  return { group, version, kind };
}

type List = (kind: GroupVersionKind, namespace: string, labels?: string) => Promise<readonly AppObject[]>;

/** All namespaces first; a user who may not read those is shown the namespace of the app's objects. */
async function listWide(
  list: List,
  kind: GroupVersionKind,
  home: string,
  selector: string,
): Promise<readonly AppObject[]> {
  try {
    return await list(kind, "", selector);
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
    return list(kind, home, selector).catch((second: unknown) => {
      if (isStatus(second, 403)) return [];
      throw second;
    });
  }
}

async function listKind(
  cluster: Cluster,
  discovery: Discovery,
  request: {
    readonly kind: GroupVersionKind;
    readonly namespace: string;
    readonly labels: string | undefined;
    readonly gaps: string[];
  },
): Promise<readonly AppObject[]> {
  const { kind, namespace, labels, gaps } = request;
  const resource: ResourceInfo | undefined = await discovery.findAny(kind);
  if (resource === undefined) {
    gaps.push(`${kind.kind}: the cluster does not serve this kind`);
    return [];
  }
  try {
    const path = collectionPath(resource, resource.namespaced ? namespace : "");
    const query = labels === undefined ? {} : { labelSelector: labels };
    const { items } = await cluster.request<{ items: RawObject[] }>({ method: "GET", path, query });
    return items.map((object) => ({ kind: resource, object }));
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
    // A list of all namespaces is tried again in one.
    if (labels !== undefined && namespace === "" && resource.namespaced) throw error;
    gaps.push(messageOf(error));
    return [];
  }
}

/** Reads `apiVersion` and `kind` of an object that has them. */
export function kindOfObject({ apiVersion = "", kind = "" }: RawObject): GroupVersionKind {
  return { ...parseApiVersion(apiVersion), kind };
}
