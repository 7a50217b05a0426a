import { randomBytes } from "node:crypto";
import { ANNOTATION_RECONCILE_AT } from "../../api/group.js";
import type { Target } from "../target.js";
import type { Cluster } from "./cluster.js";

/** Requests a reconcile of an app or repository by its annotation, and returns the value that the status repeats when it was handled. */
export async function requestReconcile(cluster: Cluster, target: Target): Promise<string> {
  const value = `${new Date().toISOString()}-${randomBytes(3).toString("hex")}`;
  await cluster.patch(target, { metadata: { annotations: { [ANNOTATION_RECONCILE_AT]: value } } });
  return value;
}
