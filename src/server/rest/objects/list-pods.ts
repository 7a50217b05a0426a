import type { AppObject } from "../../../api/rest/objects.js";
import { podProblem } from "../../../destinations/kubernetes/health/pod-problem.js";
import { podHealth } from "../../../destinations/kubernetes/health/run-to-end.js";
import { PARTIAL_LIST } from "../../../kube/client/kube-client.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import type { UserKube } from "../identity/user-requests.js";

const WORKLOADS: ReadonlySet<string> = new Set([
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "ReplicationController",
  "Job",
  "CronJob",
]);
/** Kinds between a workload and its pods. */
const BETWEEN = ["/apis/apps/v1/namespaces/NS/replicasets", "/apis/batch/v1/namespaces/NS/jobs"] as const;
const MAX_PODS = 500;

interface Pods {
  readonly items: readonly AppObject[];
  /** Whether the user may not list pods. */
  readonly hidden: boolean;
}

interface PodFields {
  readonly spec?: { readonly containers?: readonly { readonly name: string }[] };
  readonly status?: { readonly containerStatuses?: readonly { readonly restartCount?: number }[] };
}

/** Returns the pods of the workloads among the objects of an app, found by their owners, the newest first. */
export async function listPods(kube: UserKube, objects: readonly AppObject[]): Promise<Pods> {
  const workloads = objects.filter(({ kind }) => WORKLOADS.has(kind));
  const namespaces = [...new Set(workloads.flatMap(({ namespace }) => namespace ?? []))];
  const lists = await Promise.all(namespaces.map((namespace) => listIn(kube, namespace, workloads)));
  return { items: lists.flatMap(({ items }) => items), hidden: lists.some(({ hidden }) => hidden) };
}

async function listIn(kube: UserKube, namespace: string, workloads: readonly AppObject[]): Promise<Pods> {
  const list = async (path: string, accept?: string): Promise<readonly RawObject[] | undefined> => {
    try {
      const query = { limit: String(MAX_PODS) };
      const { body } = await kube.request<{ readonly items: readonly RawObject[] }>({
        ...{ method: "GET", path, query },
        ...(accept === undefined ? {} : { accept }),
      });
      return body.items;
    } catch (error) {
      if (isStatus(error, 403)) return undefined;
      throw error;
    }
  };
  const [pods, ...between] = await Promise.all([
    list(`/api/v1/namespaces/${namespace}/pods`),
    ...BETWEEN.map((path) => list(path.replace("NS", namespace), PARTIAL_LIST)),
  ]);
  if (pods === undefined) return { items: [], hidden: true };
  const own = new Set(workloads.map(({ uid }) => uid));
  const owners = new Map(between.flatMap((found) => found ?? []).map((object) => [object.metadata.uid, object]));
  const items = pods.flatMap((pod) => {
    const parent = workloadOf(pod, own, owners);
    return parent === undefined ? [] : [toPod(pod, parent)];
  });
  return { items: items.sort((a, b) => (b.created ?? "").localeCompare(a.created ?? "")), hidden: false };
}

/** Follows owners upwards to a workload of the app. */
function workloadOf(
  object: RawObject,
  own: ReadonlySet<string>,
  owners: ReadonlyMap<string, RawObject>,
): string | undefined {
  for (let current: RawObject | undefined = object, depth = 0; current !== undefined && depth < 4; depth++) {
    const uid: string | undefined = current.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;
    if (uid === undefined || own.has(uid)) return uid;
    current = owners.get(uid);
  }
  return undefined;
}

function toPod(pod: RawObject, parent: string): AppObject {
  const { metadata } = pod;
  const { spec, status } = pod as PodFields;
  const { status: health, message } = podHealth(pod);
  const text = podProblem(pod)?.text ?? message;
  const restarts = (status?.containerStatuses ?? []).reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
  return {
    ...{ apiVersion: "v1", kind: "Pod", name: metadata.name, uid: metadata.uid, parent, health, restarts },
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    ...(health === "Healthy" || text === undefined ? {} : { message: text }),
    ...(metadata.creationTimestamp === undefined ? {} : { created: metadata.creationTimestamp }),
    containers: (spec?.containers ?? []).map(({ name }) => name),
  };
}
