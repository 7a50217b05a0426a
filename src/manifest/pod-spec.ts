import { isRecord } from "./shape.js";

/** Paths of the pod spec in built-in kinds, by `group/Kind`. */
const POD_SPEC_PATHS: Readonly<Record<string, readonly string[]>> = {
  "/Pod": ["spec"],
  "/PodTemplate": ["template", "spec"],
  "/ReplicationController": ["spec", "template", "spec"],
  "apps/DaemonSet": ["spec", "template", "spec"],
  "apps/Deployment": ["spec", "template", "spec"],
  "apps/ReplicaSet": ["spec", "template", "spec"],
  "apps/StatefulSet": ["spec", "template", "spec"],
  "batch/CronJob": ["spec", "jobTemplate", "spec", "template", "spec"],
  "batch/Job": ["spec", "template", "spec"],
};

/** Returns the path of the pod spec in objects of a kind, if the kind has one. */
export function podSpecPath(group: string, kind: string): readonly string[] | undefined {
  return POD_SPEC_PATHS[`${group}/${kind}`];
}

/** Replaces the object at `path` by the result of `change`. Returns `object` itself if nothing changes. */
export function updateAt(
  object: Readonly<Record<string, unknown>>,
  path: readonly string[],
  change: (value: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const [field, ...rest] = path;
  if (field === undefined) return change(object);
  const child = object[field];
  if (!isRecord(child)) return object;
  const changed = updateAt(child, rest, change);
  return changed === child ? object : { ...object, [field]: changed };
}
