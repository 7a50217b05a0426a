import type { PlannedAction } from "../../../api/change.js";
import type { Discovery } from "../../../kube/discovery.js";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { collectionPath, objectPath } from "../../../kube/resource.js";
import { parseApiVersion } from "../../../manifest/object-id.js";
import { isRecord } from "../../../manifest/shape.js";
import {
  marksOf,
  type ObjectState,
  type Snapshot,
  templateHash,
  type Versions,
  versionOf,
} from "../../../migration/take-over/snapshot.js";
import type { Cluster } from "../../cluster/cluster.js";

/** Live objects, and those that still bear marks of another tool. */
export interface LiveSnapshot {
  readonly objects: Snapshot;
  readonly marked: readonly string[];
  /** What differs as soon as something else than the status of an object was written. */
  readonly versions: Versions;
}

/** Objects of a plan that exist already, with their apiVersions. */
export type PlanObjects = ReadonlyMap<string, string>;

const EXISTING: ReadonlySet<PlannedAction["verb"]> = new Set(["Adopt", "Update", "Keep"]);
const PODS = { group: "", version: "v1", kind: "Pod" };
/** Objects that are read at the same time. */
const PARALLEL = 8;

/** Objects of plans that are there already. */
export function existingObjects(plans: readonly (readonly PlannedAction[])[]): PlanObjects {
  const existing = plans.flat().filter(({ verb }) => EXISTING.has(verb));
  return new Map(existing.map(({ object, apiVersion }) => [object, apiVersion]));
}

/** Reads UIDs, hashes of pod templates and UIDs of pods with the rights of the user. */
export async function takeSnapshot(cluster: Cluster, discovery: Discovery, wanted: PlanObjects): Promise<LiveSnapshot> {
  const objects: Record<string, ObjectState> = {};
  const marked: string[] = [];
  const versions: Record<string, string> = {};
  const podsOf = new PodLists(cluster, discovery);
  const queue = [...wanted];
  const work = async (): Promise<void> => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [name, apiVersion] = next;
      const live = await read(cluster, discovery, name, apiVersion);
      if (live === undefined) continue;
      const template = templateHash(live);
      versions[name] = versionOf(live.metadata);
      objects[name] = {
        apiVersion,
        uid: live.metadata.uid,
        ...(template === undefined ? {} : { template, pods: await podsOf.matching(live) }),
      };
      const marks = marksOf(live.metadata);
      if (marks.length > 0) marked.push(`${name} (${marks.join(", ")})`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  return { objects: Object.fromEntries(Object.entries(objects).sort()), marked: marked.sort(), versions };
}

async function read(
  cluster: Cluster,
  discovery: Discovery,
  text: string,
  apiVersion: string,
): Promise<(RawObject & Record<string, unknown>) | undefined> {
  const [kind = "", place = ""] = splitOnce(text, " ");
  const slash = place.indexOf("/");
  const [namespace, name] = slash < 0 ? ["", place] : [place.slice(0, slash), place.slice(slash + 1)];
  const resource = await discovery.findAny({ ...parseApiVersion(apiVersion), kind });
  if (resource === undefined) return undefined;
  try {
    return await cluster.request({ method: "GET", path: objectPath(resource, namespace, name) });
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Pods by selector, read once for each. */
class PodLists {
  readonly #lists = new Map<string, Promise<readonly string[]>>();
  readonly #cluster: Cluster;
  readonly #discovery: Discovery;

  constructor(cluster: Cluster, discovery: Discovery) {
    this.#cluster = cluster;
    this.#discovery = discovery;
  }

  /** UIDs of the pods that a workload selects, without those that are ending. */
  async matching({ metadata, spec }: { metadata: RawObject["metadata"]; spec?: unknown }): Promise<readonly string[]> {
    const selector = isRecord(spec) && isRecord(spec.selector) ? spec.selector.matchLabels : undefined;
    if (!isRecord(selector)) return [];
    const labels = Object.entries(selector)
      .map(([key, value]) => `${key}=${String(value)}`)
      .join(",");
    const key = `${metadata.namespace ?? ""} ${labels}`;
    const list = this.#lists.get(key) ?? this.#list(metadata.namespace ?? "", labels);
    this.#lists.set(key, list);
    return list;
  }

  async #list(namespace: string, labelSelector: string): Promise<readonly string[]> {
    const resource = await this.#discovery.find(PODS);
    if (resource === undefined) return [];
    const { items } = await this.#cluster.request<{ items: readonly RawObject[] }>({
      method: "GET",
      path: collectionPath(resource, namespace),
      query: { labelSelector },
    });
    return items
      .filter((pod) => pod.metadata.deletionTimestamp === undefined)
      .map((pod) => pod.metadata.uid)
      .sort();
  }
}
