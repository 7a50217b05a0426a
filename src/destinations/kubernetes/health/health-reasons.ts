import { cutText } from "../../../base/cut-text.js";
import { OverseerError } from "../../../base/errors.js";
import { mapLimit } from "../../../base/semaphore.js";
import { PARTIAL_LIST } from "../../../kube/client/kube-client.js";
import type { RawObject } from "../../../kube/object.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import type { KubernetesContext } from "../kubernetes-context.js";
import { newestPodProblem, oneLine, podRefusal } from "./pod-problem.js";

type Context = Pick<KubernetesContext, "client" | "clock">;

interface List<T> {
  readonly items: readonly T[] | null;
  readonly metadata?: { readonly continue?: string };
}

interface KubeEvent extends RawObject {
  readonly reason?: string;
  readonly message?: string;
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly series?: { readonly lastObservedTime?: string };
}

const PARALLEL = 3;
const MAX_TEXT = 300;
/** Limit of pods read per workload. */
const MAX_PODS = "200";
/** Older Events may be outdated: controllers retry at least this often. */
const EVENT_AGE_MS = 20 * 60_000;
/** Kinds whose own status says why pods cannot be created. */
const OWN_FAILURE: ReadonlySet<string> = new Set(["Deployment", "ReplicaSet", "ReplicationController"]);
const CREATE_EVENTS: ReadonlySet<string> = new Set(["FailedCreate"]);
const START_EVENTS: ReadonlySet<string> = new Set([
  "FailedMount",
  "FailedAttachVolume",
  "FailedMapVolume",
  "FailedCreatePodSandBox",
]);

/**
 * Explains why objects are not healthy by reading related objects: pods and Events of a workload, the StorageClass of a claim.
 * Reads with the operator's permissions and reports only pods that belong to the workload. Skips what cannot be read.
 */
export async function healthReasons(
  context: Context,
  objects: readonly LiveObject[],
): Promise<ReadonlyMap<ObjectKey, string>> {
  const reasons = new Map<ObjectKey, string>();
  const note = (live: LiveObject, reason: string | undefined): unknown => reason && reasons.set(live.key, reason);
  const claims = objects.filter(({ health }) => health.lookup && "storageClass" in health.lookup);
  const classes = claims.length === 0 ? undefined : await unlessRefused(storageClasses(context));
  for (const claim of claims) {
    const { lookup } = claim.health;
    const name = lookup && "storageClass" in lookup ? lookup.storageClass : "";
    if (classes && !classes.has(name)) note(claim, `StorageClass ${name} does not exist`);
  }
  await mapLimit(objects, PARALLEL, async (live) => {
    const { lookup } = live.health;
    if (lookup && "pods" in lookup) note(live, await unlessRefused(workloadReason(context, live, lookup.pods)));
  });
  return reasons;
}

async function unlessRefused<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof OverseerError) return undefined;
    throw error;
  }
}

async function workloadReason(context: Context, live: LiveObject, selector: string): Promise<string | undefined> {
  const { kind, namespace } = live.id;
  const pods = await list<RawObject>(context, namespacePath(namespace, "pods"), {
    labelSelector: selector,
    limit: MAX_PODS,
  });
  const own = pods.filter((pod) => isPodOf(live, pod));
  const problem = newestPodProblem(own, { runsToEnd: kind === "Job" });
  if (problem?.state === "Starting") {
    const event = await unlessRefused(newestEvent(context, namespace, problem.pod, START_EVENTS));
    return `${event ?? problem.text} (pod ${problem.pod.metadata.name})`;
  }
  if (problem) return `${problem.text} (pod ${problem.pod.metadata.name})`;
  if (OWN_FAILURE.has(kind) || live.health.final) return undefined;
  return newestEvent(context, namespace, { metadata: { uid: live.uid } }, CREATE_EVENTS);
}

/** Whether a pod belongs to a workload. Labels alone are not enough: another workload may use the same. */
function isPodOf(live: LiveObject, { metadata }: RawObject): boolean {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (live.id.kind !== "Deployment") return owner?.uid === live.uid;
  return (
    owner?.kind === "ReplicaSet" && owner.name === `${live.id.name}-${metadata.labels?.["pod-template-hash"] ?? ""}`
  );
}

async function newestEvent(
  context: Context,
  namespace: string,
  { metadata }: { readonly metadata: { readonly uid: string } },
  reasons: ReadonlySet<string>,
): Promise<string | undefined> {
  const events = await list<KubeEvent>(context, namespacePath(namespace, "events"), {
    fieldSelector: `involvedObject.uid=${metadata.uid},type=Warning`,
    limit: "100",
  });
  const oldest = context.clock.now() - EVENT_AGE_MS;
  const newest = events
    .map((event) => ({ event, at: Date.parse(timeOf(event)) }))
    .filter(({ event, at }) => reasons.has(event.reason ?? "") && at >= oldest)
    .sort((a, b) => b.at - a.at || (a.event.metadata.name < b.event.metadata.name ? -1 : 1))[0]?.event;
  if (!newest) return undefined;
  return cutText(oneLine(`${newest.reason}: ${podRefusal(newest.message ?? "")}`), MAX_TEXT);
}

function timeOf({ series, lastTimestamp, eventTime, metadata }: KubeEvent): string {
  return series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? "";
}

async function storageClasses(context: Context): Promise<ReadonlySet<string> | undefined> {
  const { body } = await context.client.request<List<RawObject>>({
    method: "GET",
    path: "/apis/storage.k8s.io/v1/storageclasses",
    query: { limit: "500" },
    accept: PARTIAL_LIST,
  });
  return body.metadata?.continue ? undefined : new Set((body.items ?? []).map(({ metadata }) => metadata.name));
}

async function list<T>(context: Context, path: string, query: Record<string, string>): Promise<readonly T[]> {
  return (await context.client.request<List<T>>({ method: "GET", path, query })).body.items ?? [];
}

function namespacePath(namespace: string, plural: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}
