import { LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import type { OverseerApp } from "../../../api/overseer-app.js";
import { ObservedObjects } from "../../../api/rest/desired.js";
import type { AppObject, AppObjects } from "../../../api/rest/objects.js";
import { parseKind } from "../../../controllers/overseer-app/source/resource-kinds.js";
import { healthOf, needsStatus } from "../../../destinations/kubernetes/health/rules.js";
import { ProblemError } from "../../../http/problem.js";
import { PARTIAL_LIST } from "../../../kube/client/kube-client.js";
import type { Discovery } from "../../../kube/discovery.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { collectionPath, type ResourceInfo } from "../../../kube/resource.js";
import { apiVersionOf, displayId, type GroupVersionKind } from "../../../manifest/object-id.js";
import type { UserKube } from "../identity/user-requests.js";
import type { LeaderClient } from "../leader/leader-client.js";
import { listPods } from "./list-pods.js";

/** Objects of one kind in a response. */
const MAX_OBJECTS = 1_000;
const RANK = { Degraded: 0, Missing: 0, Unknown: 1, Progressing: 2, Suspended: 3, Healthy: 4 } as const;

/** Objects in the response of the API server; `continue` is set if there are more. */
export interface ObjectList {
  /** Null in an empty list of metadata, as Go writes it. */
  readonly items: readonly RawObject[] | null;
  readonly metadata?: { readonly continue?: string };
}

/**
 * Returns the live objects of an app in the local cluster, with their health and pods, in the name of a user. Of kinds whose health does
 * not depend on their contents, such as Secrets, only metadata is read. Kinds that the user may not list are named.
 */
export async function listObjects(
  kube: UserKube,
  discovery: Pick<Discovery, "findAny">,
  app: OverseerApp,
  leader: Pick<LeaderClient, "ask">,
): Promise<AppObjects> {
  if (isElsewhere(app)) return observedElsewhere(leader, app);
  const kinds = (app.status?.kinds ?? []).flatMap((text) => parseKind(text) ?? []);
  const lists = await Promise.all(kinds.map((kind) => listKind(kube, discovery, app, kind)));
  const items = lists.flatMap(({ objects }) => objects);
  const pods = await listPods(kube, items);
  const hidden = [...lists.flatMap((list) => list.hidden), ...(pods.hidden ? ["Pod"] : [])];
  const omitted = pods.omitted || lists.some((list) => list.omitted);
  return {
    items: [...items.sort(compareObjects), ...pods.items],
    ...(omitted ? { omitted } : {}),
    ...(hidden.length === 0 ? {} : { hidden: [...new Set(hidden)].sort() }),
  };
}

function isElsewhere({ spec: { destination } }: OverseerApp): boolean {
  return destination.overseer !== undefined || destination.kubernetes?.kubeConfigSecretRef !== undefined;
}

/** Returns the objects of an app in another cluster or a Core, as the leader observes them. Who may read the app may read them. */
async function observedElsewhere(leader: Pick<LeaderClient, "ask">, app: OverseerApp): Promise<AppObjects> {
  const { namespace, name } = app.metadata;
  try {
    const path = `/internal/v1/apps/${namespace}/${name}/objects`;
    const { items, incomplete } = await leader.ask({ path, schema: ObservedObjects });
    return { items: [...items].sort(compareObjects), ...(incomplete === undefined ? {} : { unavailable: incomplete }) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { items: [], unavailable: `the objects are in another cluster or a Core, and ${error.message}` };
  }
}

interface KindList {
  readonly objects: readonly AppObject[];
  readonly hidden: readonly string[];
  readonly omitted: boolean;
}

async function listKind(
  kube: UserKube,
  discovery: Pick<Discovery, "findAny">,
  app: OverseerApp,
  kind: GroupVersionKind,
): Promise<KindList> {
  const resource = await discovery.findAny(kind);
  if (resource === undefined || !resource.verbs.has("list")) return { objects: [], hidden: [], omitted: false };
  const { namespace, name } = app.metadata;
  const places = resource.namespaced ? ["", app.spec.destination.kubernetes?.namespace ?? namespace] : [""];
  const query = {
    labelSelector: `${LABEL_APP}=${name},${LABEL_APP_NAMESPACE}=${namespace}`,
    limit: String(MAX_OBJECTS),
  };
  const list = await firstReadable(kube, resource, places, query);
  if (list === undefined) return { objects: [], hidden: [kind.kind], omitted: false };
  const objects = (list.items ?? []).map((object) => toAppObject(object, resource));
  return { objects, hidden: [], omitted: (list.metadata?.continue ?? "") !== "" };
}

/** Lists a kind in the first of these namespaces in which the user may; undefined if in none. The empty name is all of them. */
async function firstReadable(
  kube: UserKube,
  resource: ResourceInfo,
  namespaces: readonly string[],
  query: Readonly<Record<string, string>>,
): Promise<ObjectList | undefined> {
  for (const namespace of namespaces) {
    try {
      const { body } = await kube.request<ObjectList>({
        method: "GET",
        path: collectionPath(resource, namespace),
        query,
        ...(needsStatus(resource) ? {} : { accept: PARTIAL_LIST }),
      });
      return body;
    } catch (error) {
      if (!isStatus(error, 403) && !isStatus(error, 404)) throw error;
    }
  }
  return undefined;
}

function toAppObject(object: RawObject, kind: GroupVersionKind): AppObject {
  const { metadata } = object;
  const { status: health, message } = healthOf(object, kind);
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    name: metadata.name,
    uid: metadata.uid,
    health,
    ...(message === undefined ? {} : { message }),
    ...(metadata.creationTimestamp === undefined ? {} : { created: metadata.creationTimestamp }),
  };
}

function compareObjects(a: AppObject, b: AppObject): number {
  const name = (object: AppObject): string => displayId({ ...object, namespace: object.namespace ?? "" });
  return RANK[a.health] - RANK[b.health] || (name(a) < name(b) ? -1 : 1);
}
