import type { AppObject } from "../../../api/rest/objects.js";
import { podProblem } from "../../../destinations/kubernetes/health/pod-problem.js";
import { podHealth } from "../../../destinations/kubernetes/health/run-to-end.js";
import { PARTIAL_LIST } from "../../../kube/client/kube-client.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import type { UserKube } from "../identity/user-requests.js";
import { listPages, type Pages } from "./list-pages.js";

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
/** Pods of an app in a response, for each namespace. */
const MAX_PODS = 1_000;
/** Objects of a namespace that are read to find them. */
const MAX_READ = 20_000;

interface Pods {
  readonly items: readonly AppObject[];
  /** Whether the user may not list pods. */
  readonly hidden: boolean;
  /** Whether there are more pods. */
  readonly omitted: boolean;
}

interface Container {
  readonly name: string;
}

interface PodFields {
  readonly spec?: { readonly containers?: readonly Container[]; readonly initContainers?: readonly Container[] };
  readonly status?: { readonly containerStatuses?: readonly { readonly restartCount?: number }[] };
}

/** Returns the pods of the workloads among the objects of an app, found by their owners, the newest first. */
export async function listPods(kube: UserKube, objects: readonly AppObject[]): Promise<Pods> {
  const workloads = objects.filter(({ kind }) => WORKLOADS.has(kind));
  const namespaces = [...new Set(workloads.flatMap(({ namespace }) => namespace ?? []))];
  const lists = await Promise.all(namespaces.map((namespace) => listIn(kube, namespace, workloads)));
  return {
    items: lists.flatMap(({ items }) => items),
    hidden: lists.some(({ hidden }) => hidden),
    omitted: lists.some(({ omitted }) => omitted),
  };
}

async function listIn(kube: UserKube, namespace: string, workloads: readonly AppObject[]): Promise<Pods> {
  const readable = async <T>(list: Promise<Pages<T>>): Promise<Pages<T> | undefined> => {
    try {
      return await list;
    } catch (error) {
      if (isStatus(error, 403)) return undefined;
      throw error;
    }
  };
  const between = await Promise.all(
    BETWEEN.map((path) => {
      const request = { path: path.replace("NS", namespace), accept: PARTIAL_LIST, max: MAX_READ };
      return readable(listPages(kube, request, (object) => [toOwner(object)]));
    }),
  );
  const own = new Set(workloads.map(({ uid }) => uid));
  const owners = new Map(between.flatMap((found) => found?.items ?? []));
  const pods = await readable(
    listPages(kube, { path: `/api/v1/namespaces/${namespace}/pods`, max: MAX_READ }, (pod) => {
      const parent = workloadOf(pod, own, owners);
      return parent === undefined ? [] : [toPod(pod, parent)];
    }),
  );
  if (pods === undefined) return { items: [], hidden: true, omitted: false };
  const items = [...pods.items].sort((a, b) => (b.created ?? "").localeCompare(a.created ?? ""));
  const omitted = pods.omitted || items.length > MAX_PODS || between.some((found) => found?.omitted);
  return { items: items.slice(0, MAX_PODS), hidden: false, omitted };
}

/** Returns an object between a workload and its pods: its uid, and that of its controller. */
function toOwner({ metadata }: RawObject): readonly [uid: string, controller: string | undefined] {
  return [metadata.uid, controllerOf(metadata)];
}

function controllerOf({ ownerReferences }: RawObject["metadata"]): string | undefined {
  return ownerReferences?.find(({ controller }) => controller)?.uid;
}

/** Follows owners upwards to a workload of the app. */
function workloadOf(
  { metadata }: RawObject,
  own: ReadonlySet<string>,
  owners: ReadonlyMap<string, string | undefined>,
): string | undefined {
  let uid = controllerOf(metadata);
  for (let depth = 0; uid !== undefined && depth < 4; depth++) {
    if (own.has(uid)) return uid;
    uid = owners.get(uid);
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
    containers: namesOf(spec?.containers),
    ...(spec?.initContainers === undefined ? {} : { initContainers: namesOf(spec.initContainers) }),
  };
}

function namesOf(containers: readonly Container[] | undefined): string[] {
  return (containers ?? []).map(({ name }) => name);
}
